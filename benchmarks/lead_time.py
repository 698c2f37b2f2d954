"""How well is it told by when nine in ten deliveries come? Order lines in the order they were placed, the last 30 % judged.

Every table `scms*/*delivery*` under `commerce/`: lines with both an order date and a delivery date. Each line is told with
what had been delivered before the day it was ordered; vendor and mode are known then. Settings were chosen on the last
30 % of the first 70 %. The agreed date on the line is not used: in most lines it equals the delivery date.
Peers: the quantile of all earlier lines, of the vendor's, and gradient boosting, fitted once on the first 70 %.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import cast

import numpy as np
from numpy.typing import NDArray

from benchmarks import tables
from benchmarks.report import Figure, Options, Result, run
from central.methods.lead_time.deliveries import Deliveries, Settings
from central.methods.lead_time.honest import ranks

SHARE = 0.9
TRAINING = 0.7
LEAST_OF_A_VENDOR = 10
QUICK_LINES = 600
Floats = NDArray[np.float64]


def measure(options: Options) -> Result:
    """The last part, told line by line."""
    deliveries = _deliveries(options)
    first = int(TRAINING * len(deliveries.days))
    days = deliveries.days[first:]
    told = {
        "tallyhouse": _own(deliveries, first, is_honest=True),
        "without the look back": _own(deliveries, first, is_honest=False),
        "all lines so far, as they come": _global_online(deliveries, first),
        "all earlier lines": np.full(len(days), np.quantile(deliveries.days[:first], SHARE)),
        "each vendor's earlier lines": _vendors(deliveries, first),
        "boosted quantile": _boosted(deliveries, first),
    }
    scored = {
        name: (_pinball(days, quantile), float(np.mean(days <= quantile)), float(quantile.mean()))
        for name, quantile in told.items()
    }
    rows = [["way", "pinball at .9", "covered", "mean days told"]]
    rows += [[name, f"{loss:.2f}", f"{covered:.1%}", f"{mean:.0f}"] for name, (loss, covered, mean) in scored.items()]
    own = scored.pop("tallyhouse")
    figures: dict[str, Figure] = {"pinball_90": round(own[0], 2), "coverage_90": round(own[1], 3)}
    peers: dict[str, Figure] = {re.sub(r"\W+", "_", name): round(each[0], 2) for name, each in scored.items()}
    return Result(figures, peers, rows, data=f"{len(deliveries.days)} order lines")


def _own(deliveries: Deliveries, first: int, *, is_honest: bool) -> Floats:
    settings = Settings()
    judged = ranks(deliveries, settings)
    found = []
    for vendor, mode, today in zip(
        deliveries.vendor[first:], deliveries.mode[first:], deliveries.ordered[first:], strict=True
    ):
        share = judged.share(SHARE, float(today)) if is_honest else SHARE
        found.append(deliveries.told(str(vendor), str(mode), float(today), settings).quantile(share))
    return np.array(found)


def _global_online(deliveries: Deliveries, first: int) -> Floats:
    days = deliveries.ordered[first:]
    return np.array([np.quantile(deliveries.days[deliveries.received < today], SHARE) for today in days])


def _vendors(deliveries: Deliveries, first: int) -> Floats:
    every = float(np.quantile(deliveries.days[:first], SHARE))
    known: Mapping[str, Floats] = {
        str(vendor): deliveries.days[:first][deliveries.vendor[:first] == vendor] for vendor in set(deliveries.vendor)
    }
    told = {
        name: float(np.quantile(days, SHARE)) if len(days) >= LEAST_OF_A_VENDOR else every for name, days in known.items()
    }
    return np.array([told[str(vendor)] for vendor in deliveries.vendor[first:]])


def _boosted(deliveries: Deliveries, first: int) -> Floats:
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415

    names = [np.unique(each, return_inverse=True)[1].astype(np.float64) for each in (deliveries.vendor, deliveries.mode)]
    rows = np.column_stack([*names, deliveries.ordered])
    model = HistGradientBoostingRegressor(loss="quantile", quantile=SHARE, random_state=0).fit(
        rows[:first], deliveries.days[:first]
    )
    return cast(Floats, model.predict(rows[first:]))


def _pinball(days: Floats, quantile: Floats) -> float:
    above = days - quantile
    return float(np.mean(np.maximum(SHARE * above, (SHARE - 1) * above)))


def _deliveries(options: Options) -> Deliveries:
    lines = [_line(row) for row in tables.rows(options.data, "scms*/*delivery*")]
    known = sorted((line for line in lines if line is not None), key=lambda line: line[0])
    if options.quick:
        known = known[-QUICK_LINES:]
    ordered, received, vendor, mode = zip(*known, strict=True)
    return Deliveries(
        np.array(vendor), np.array(mode), np.array(ordered, dtype=np.float64), np.array(received, dtype=np.float64)
    )


def _line(row: Mapping[str, str]) -> tuple[int, int, str, str] | None:
    ordered, received = _day(row["PO Sent to Vendor Date"]), _day(row["Delivered to Client Date"])
    return None if ordered is None or received is None else (ordered, received, row["Vendor"], row["Shipment Mode"])


def _day(text: str) -> int | None:
    """Two ways of writing a date, and words where none was kept."""
    for form in ("%m/%d/%y", "%d-%b-%y"):
        try:
            return datetime.strptime(text, form).toordinal()  # noqa: DTZ007 (a day, without a clock)
        except ValueError:
            continue
    return None


if __name__ == "__main__":
    run("lead_time", "By when do nine in ten deliveries come?", measure)
