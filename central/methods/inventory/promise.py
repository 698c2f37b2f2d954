"""Which quantile keeps a promised fill: asked of a year that was lived again, not of a formula. Pure.

A quantile is the chance of not running out in one wait, a fill the share of units that are served; the one says little of
the other. `Ladder` holds what each quantile filled in the replay, of all items and of each segment, and reads in between.
Each segment's own promise leans on that of all where it has few units: as if it had so many more that were filled likewise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from central.methods.inventory.replay import Served

Floats = NDArray[np.float64]

BELIEVED_UNITS = 500.0


@dataclass(frozen=True)
class Promise:
    """The quantile to order by, the fill and mean stock it had in the replay, and the fill of each segment."""

    quantile: float
    fill: float
    stock: float
    segments: Mapping[str, float]


@dataclass(frozen=True)
class Ladder:
    """quantiles: (k,), ascending; replays: what each came to; segment: of each item."""

    quantiles: Floats
    replays: Sequence[Served]
    segment: Sequence[str]

    def promise(self, fill: float) -> Promise:
        """The least quantile that filled so much; the highest one there is where none did."""
        fills = np.maximum.accumulate([served.fill for served in self.replays])
        quantile = float(np.interp(fill, fills, self.quantiles))
        stock = self._read(quantile, [float(served.stock.sum()) for served in self.replays])
        told = {name: self._read(quantile, self._fills(name)) for name in sorted(set(self.segment))}
        return Promise(quantile, self._read(quantile, list(fills)), stock, told)

    def _fills(self, segment: str) -> list[float]:
        mine = np.array([name == segment for name in self.segment])
        return [_leaning(served, served.of(mine)) for served in self.replays]

    def _read(self, quantile: float, values: Sequence[float]) -> float:
        return float(np.interp(quantile, self.quantiles, values))


def _leaning(every: Served, some: Served) -> float:
    asked = float(some.asked.sum())
    return (float(some.sold.sum()) + BELIEVED_UNITS * every.fill) / (asked + BELIEVED_UNITS)
