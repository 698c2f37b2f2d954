"""How well does the edge watcher hear anomalies that it never saw, beside simple peers and what is blind to the data?

SKAB (a pump rig) and NAB (single series), the product's own code with its default settings; for a series nothing is set but
how long it may learn, which both protocols say. Settings were chosen on half of SKAB and a quarter of NAB, see the record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import msgspec
import numpy as np

from benchmarks import anomaly_nab as nab
from benchmarks import anomaly_skab as skab
from benchmarks.anomaly_detector import SETTINGS, Flags, Heard, changes, listen, outside
from benchmarks.anomaly_skab import Labelled, Outliers
from benchmarks.datasets import data_folder
from benchmarks.nab_scorer import probation
from benchmarks.report import Options, Result, run
from edge_agent.tasks.equipment_anomaly.settings import Settings

SEEDS, QUICK_SEEDS = 5, 1
QUICK_FILES, QUICK_ROWS = 3, 4100
SENSITIVITIES = (1.0, 0.9, 0.8, 0.65, 0.5)  # the shipped one first
RATES = (10, 28)
METRONOME_S = (60.0, 129.0, 360.0)


@dataclass(frozen=True)
class ChangePoints:
    """NAB score of SKAB's change points, and alarms an hour."""

    score: float
    per_hour: float

    def told(self) -> str:
        """As it stands in a table."""
        return f"{self.score:.1f} at {self.per_hour:.1f}/h"


def measure(options: Options) -> Result:
    """Both data sets, every peer."""
    data = data_folder(options.data)
    labelled, series = skab.load(data), nab.load(data)
    if options.quick:
        labelled = labelled[:QUICK_FILES]
        series = [each for each in series if len(each.series.values) < QUICK_ROWS][:QUICK_FILES]
    seeds = range(QUICK_SEEDS if options.quick else SEEDS)
    heard = [listen(each.series, skab.TRAIN_ROWS) for each in labelled]
    found = skab.test_rows(labelled, [outside(each.ratios) for each in heard])
    shuffled = [_shuffled(labelled, seed) for seed in seeds]
    points = _change_points(labelled, heard, options.quick)
    told = nab.judged(series, [listen(each.series, probation(len(each.series.values))).onsets for each in series])
    blind, peers, nab_peers = _blind(labelled), _peers(labelled), _nab_peers(series)
    capped = (
        found if found.false_alarm_rate <= skab.MOST_FALSE else skab.within_cap(labelled, [h.ratios for h in heard], outside)
    )
    figures = {
        "skab_f1_at_far10": round(capped.f1, 4),
        "skab_f1_shuffled_start": round(fmean(each.f1 for each in shuffled), 4),
        "skab_nab_at_10_per_h": round(points[10].score, 1),
        "skab_nab_at_28_per_h": round(points[28].score, 1),
        "nab_standard": round(told.standard, 1),
        "nab_low_fp": round(told.low_false_alarms, 1),
        "skab_far_at_shipped_limit": round(found.false_alarm_rate, 4),
        "skab_far_shuffled_start": round(fmean(each.false_alarm_rate for each in shuffled), 4),
    }
    rows = [["SKAB outliers", "F1 at false-alarm rate"], ["the product, shipped limit", found.told()]]
    rows += [["… a random stretch before each file, seed " + str(seed), each.told()] for seed, each in enumerate(shuffled)]
    rows += [[name, each.told()] for name, each in (peers | blind).items()]
    rows += [["SKAB change points", "NAB score at alarms an hour"]]
    rows += [[f"the product, at most {rate} an hour", point.told()] for rate, point in points.items()]
    rows += [[f"metronome, {every:.0f} s", point.told()] for every, point in _metronomes(labelled).items()]
    rows += [["NAB, one limit", "standard / low-FP"], ["the product, shipped settings", told.told()]]
    rows += [[name, each.told()] for name, each in nab_peers.items()]
    return Result(
        figures=figures,
        peers={f"skab_f1_{name}": round(each.f1, 4) for name, each in (peers | blind).items()}
        | {f"nab_{name}": round(each.standard, 1) for name, each in nab_peers.items()},
        rows=rows,
        data=f"{len(labelled)} files of SKAB, {len(series)} series of NAB in {data}",
        notes=[
            "peers get the limit that is best on these very labels; the product's is shipped",
            f"settings: {msgspec.json.encode(SETTINGS).decode()}, but learn_s",
        ],
    )


def _shuffled(labelled: Sequence[Labelled], seed: int) -> Outliers:
    moved = [skab.with_a_random_start(each, seed) for each in labelled]
    return skab.test_rows(moved, [outside(listen(each.series, skab.TRAIN_ROWS).ratios) for each in moved])


def _change_points(labelled: Sequence[Labelled], heard: Sequence[Heard], is_quick: bool) -> dict[int, ChangePoints]:
    """At the shipped sensitivity, or where that says too much the next lower that keeps the rate; it needs no label."""
    tried = []
    for sensitivity in (1.0,) if is_quick else SENSITIVITIES:
        settings: Settings = msgspec.structs.replace(SETTINGS, sensitivity=sensitivity)
        of = heard if sensitivity == 1.0 else [listen(each.series, skab.TRAIN_ROWS, settings) for each in labelled]
        tried.append(ChangePoints(*skab.change_points(labelled, [changes(outside(each.ratios)) for each in of])))
    slowest = min(tried, key=lambda each: each.per_hour)
    return {rate: next((each for each in tried if each.per_hour <= rate), slowest) for rate in RATES}


def _metronomes(labelled: Sequence[Labelled]) -> dict[float, ChangePoints]:
    return {
        every: ChangePoints(*skab.change_points(labelled, [skab.metronome(each, every) for each in labelled]))
        for every in METRONOME_S
    }


def _peers(labelled: Sequence[Labelled]) -> dict[str, Outliers]:
    values = [each.series.values for each in labelled]
    return {
        "20-row PCA residual": skab.within_cap(labelled, [skab.pca_residual(each) for each in values], _beyond),
        "EWMA": skab.within_cap(labelled, [skab.ewma(each) for each in values], _beyond),
    }


def _blind(labelled: Sequence[Labelled]) -> dict[str, Outliers]:
    always = [np.ones(len(each.anomalous), dtype=bool) for each in labelled]
    return {
        "blind: always alarm": skab.test_rows(labelled, always),
        "blind: metronome 60 s": skab.test_rows(labelled, [skab.metronome(each, 60.0) for each in labelled]),
        "blind: clock": skab.test_rows(labelled, [skab.clock(each) for each in labelled]),
    }


def _nab_peers(series: Sequence[nab.Windowed]) -> dict[str, nab.NabScores]:
    values = [each.series.values[:, 0] for each in series]
    found = {name: nab.best_limit(series, [of(each) for each in values], limits) for name, (of, limits) in nab.PEERS.items()}
    return found | {"blind: metronome 400 rows": nab.metronome(series, 400)}


def _beyond(ratios: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Flags:
    flags: Flags = ratios >= 1.0
    return flags


if __name__ == "__main__":
    run("anomaly", "does the edge watcher hear what it never saw?", measure)
