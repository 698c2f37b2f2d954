"""How much more is served at the same stock, and is a promised fill kept? A year of days lived again, with lost sales.

Every table `m5*/sales*` under `commerce/`: items as rows, days as columns `d_…`, beside `calendar`. The last 364 days are
replayed: lead time 7 days, review each 7 days, order up to a level that is told from what was known on that day. All models
are fitted once, on days before the year. Which quantile keeps a promised fill is read from the year before, with models
fitted before that. Peers, in the same replay: days of cover, normal, negative binomial, exponentially weighted negative
binomial, empirical sums, gradient boosting on the quantile of the sum (plain, and weighted by volume), on the same features.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks import tables
from benchmarks.inventory_peers import PEERS, boosted
from benchmarks.report import Figure, Options, Result, run
from central.methods.inventory import counts, sums
from central.methods.inventory.promise import Ladder
from central.methods.inventory.replay import Rhythm, Served, replayed
from central.methods.inventory.segments import segments
from central.methods.inventory.sums import History

RHYTHM = Rhythm(lead_time_d=7, review_d=7)
YEAR_D = 364
QUANTILES = (0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.985, 0.99, 0.995, 0.999)
PEER_LEVELS = (0.9, 0.95, 0.98)
PROMISED = (0.95, 0.96, 0.97, 0.98, 0.985)
REDRAWS = 500
QUICK_ITEMS, QUICK_DAYS = 6, 1300
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Year:
    """The days from `start` on that are lived again."""

    history: History
    start: int

    @property
    def reviews(self) -> range:
        """Days on which an order may be placed."""
        return range(self.start, self.start + YEAR_D, RHYTHM.review_d)

    def replay(self, levels: Floats) -> Served:
        """What order-up-to levels (reviews, items) come to."""
        return replayed(self.history.units[:, self.start : self.start + YEAR_D], np.maximum(levels, 0), RHYTHM)


def measure(options: Options) -> Result:
    """The last year, with what the year before it teaches."""
    history = _history(options)
    items, days = history.units.shape
    last, before = Year(history, days - YEAR_D), Year(history, days - 2 * YEAR_D)
    own = _own(last, options)
    ladder = Ladder(np.array(QUANTILES), _own(before, options), _segments(before))
    promises = [(asked, *_kept(ladder, own, asked)) for asked in PROMISED]
    peers = _peers(last)
    gains = {name: _gain(own, served) for name, served in peers.items()}
    nearest = min(gains, key=lambda name: gains[name])
    figures: dict[str, Figure] = {
        "fill_gain_pp_at_peer_stock": round(gains[nearest], 2),
        "abs_promised_minus_achieved_pp": round(max(abs(promised - kept) for _, promised, kept in promises) * 100, 2),
    }
    others: dict[str, Figure] = {"nearest": nearest, "gain_low_90": round(_low(own, peers[nearest]), 2)}
    others |= {f"gain_over_{name.replace(' ', '_')}": round(gain, 2) for name, gain in gains.items()}
    rows = [_HEADINGS, *_rows("tallyhouse", own, QUANTILES), *_peer_rows(peers)]
    notes = [f"promised {promised:.2%} from the year before, kept {kept:.2%}" for _, promised, kept in promises]
    return Result(figures, others, rows, data=f"{items} items, {days} days", notes=notes)


_HEADINGS = ["way", "quantile", "fill", "mean stock", "days out"]


def _own(year: Year, options: Options) -> list[Served]:
    """The product's, for each of QUANTILES."""
    model = sums.fitted(year.history.until(year.start), RHYTHM.wait_d, options.seed or 0)
    moments = [model.moments(year.history.until(day)) for day in year.reviews]
    return [year.replay(np.array([counts.quantile(share, *each) for each in moments])) for share in QUANTILES]


def _peers(year: Year) -> dict[str, list[Served]]:
    """Each peer's, at each of PEER_LEVELS."""
    pasts = [year.history.until(day) for day in year.reviews]
    found = {
        name: [year.replay(np.array([peer(share, past, RHYTHM.wait_d) for past in pasts])) for share in PEER_LEVELS]
        for name, peer in PEERS.items()
    }
    for name, is_weighted in (("boosted quantile", False), ("boosted quantile by volume", True)):
        learned = [
            boosted(share, year.history.until(year.start), RHYTHM.wait_d, is_weighted=is_weighted) for share in PEER_LEVELS
        ]
        found[name] = [year.replay(np.array([level_at(past) for past in pasts])) for level_at in learned]
    return found


def _segments(year: Year) -> list[str]:
    seen = year.history.units[:, year.start - YEAR_D : year.start]
    return segments(seen, np.ones(len(seen)))


def _kept(ladder: Ladder, own: Sequence[Served], asked: float) -> tuple[float, float]:
    promise = ladder.promise(asked)
    return promise.fill, float(np.interp(promise.quantile, QUANTILES, [served.fill for served in own]))


def _gain(own: Sequence[Served], peer: Sequence[Served]) -> float:
    """The least of the peer's levels, in points of fill at the peer's own stock."""
    stock, fill = [float(served.stock.sum()) for served in own], [served.fill for served in own]
    return min(float(np.interp(served.stock.sum(), stock, fill)) - served.fill for served in peer) * 100


def _low(own: Sequence[Served], peer: Sequence[Served]) -> float:
    """The gain that nine in ten redraws of the items exceed."""
    rng = np.random.default_rng(0)
    items = len(own[0].sold)
    draws = [rng.integers(0, items, items) for _ in range(REDRAWS)]
    return float(
        np.quantile([_gain([each.of(draw) for each in own], [each.of(draw) for each in peer]) for draw in draws], 0.1)
    )


def _peer_rows(peers: Mapping[str, Sequence[Served]]) -> list[list[str]]:
    return [row for name, served in peers.items() for row in _rows(name, served, PEER_LEVELS)]


def _rows(name: str, served: Sequence[Served], shares: Sequence[float]) -> list[list[str]]:
    return [
        [name, f"{share:g}", f"{each.fill:.2%}", f"{each.stock.sum():,.0f}", f"{each.out.mean():.1%}"]
        for share, each in zip(shares, served, strict=True)
    ]


def _history(options: Options) -> History:
    sold = tables.rows(options.data, "m5*/sales*")
    calendar = tables.rows(options.data, "m5*/calendar")
    names = [name for name in sold[0] if name.startswith("d_")]
    if options.quick:
        names, sold = names[-QUICK_DAYS:], sold[:QUICK_ITEMS]
        calendar = [day for day in calendar if day["d"] in set(names)]
    units = np.array([[float(row[name]) for name in names] for row in sold])
    known = np.array([_known(calendar, row["state_id"]) for row in sold])
    departments = sorted({row["dept_id"] for row in sold})
    return History(units, known, np.array([departments.index(row["dept_id"]) for row in sold], dtype=np.float64))


def _known(calendar: tables.Rows, state: str) -> list[list[float]]:
    return [
        [float(day[f"snap_{state}"]), float(day["event_name_1"] not in ("", "None", "nan")), float(day["month"])]
        for day in calendar
    ]


if __name__ == "__main__":
    run("inventory", "How much more is served at the same stock, and is a promised fill kept?", measure)
