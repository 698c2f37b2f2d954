"""Intervals that keep their promise, calibrated by unit: an engine with many readings counts as one engine. Pure.

Method: cross-validated residuals as in split-conformal (Romano, Patterson, Candès 2019; Barber et al. 2021), cases near a
prediction counting more than those far from it (a kernel over the predicted value, after Guan 2023), each unit's cases
sharing the weight of one unit. Since a kernel gives up the exact guarantee, it is won back from outside: the nominal
share is the one at which intervals that leave a unit out cover as many of its cases as asked, the unit to come counted
in. What holds: over new units, drawn as the calibration units were, about `share` is covered. It does not hold for each
unit by itself.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
_HALVINGS = 9


@dataclass(frozen=True)
class Calibration:
    """Cases with a known answer. predicted, residual (true minus predicted): (n,); unit: (n,) which unit a case is of, from
    0; width: how far a case still counts, in units of the prediction."""

    predicted: Floats
    residual: Floats
    unit: Ints
    width: float

    def __post_init__(self) -> None:
        if not len(self.predicted) == len(self.residual) == len(self.unit) > 0:
            raise ValueError(f"{len(self.predicted)} predictions, {len(self.residual)} residuals: must agree, and be some")

    def interval(self, predicted: float, nominal: float) -> tuple[float, float]:
        """Low and high, with (1 - nominal) / 2 of the near weight on either side."""
        near = np.exp(-0.5 * ((self.predicted - predicted) / self.width) ** 2)
        weight = near / np.bincount(self.unit)[self.unit]
        reach = (1 + nominal) / 2
        return predicted - _quantile(-self.residual, weight, reach), predicted + _quantile(self.residual, weight, reach)

    def nominal(self, share: float) -> float:
        """The nominal share whose intervals cover `share` of units that they have not seen."""
        units = int(self.unit.max()) + 1
        asked = min(share * (units + 1) / units, 1.0)
        low, high = 0.0, 1.0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self._covered(middle) < asked else (low, middle)
        return high

    def _covered(self, nominal: float) -> float:
        """Share of each unit's cases inside the intervals made without that unit, averaged over units."""
        return float(np.mean([self._covered_of(unit, nominal) for unit in np.unique(self.unit)]))

    def _covered_of(self, unit: int, nominal: float) -> float:
        own = self.unit == unit
        if own.all():
            return 0.0
        others = self._without(own)
        found = [others.interval(float(value), nominal) for value in self.predicted[own]]
        truth = self.predicted[own] + self.residual[own]
        return float(np.mean([low <= value <= high for (low, high), value in zip(found, truth, strict=True)]))

    def _without(self, own: NDArray[np.bool_]) -> "Calibration":
        _, numbered = np.unique(self.unit[~own], return_inverse=True)
        return replace(self, predicted=self.predicted[~own], residual=self.residual[~own], unit=numbered)


def _quantile(scores: Floats, weight: Floats, probability: float) -> float:
    """The least score up to which there is that share of the weight."""
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum(weight[order])
    place = int(np.searchsorted(reached, probability * reached[-1] * (1 - 1e-12)))
    return float(scores[order][min(place, len(scores) - 1)])
