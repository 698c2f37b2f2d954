"""Intervals that keep their promise, calibrated by unit: an engine with many readings counts as one engine. Pure.

Method: cross-validated residuals as in split-conformal (Romano, Patterson, Candès 2019; Barber et al. 2021), cases near a
prediction counting more than those far from it (a kernel over the predicted value, after Guan 2023), each unit's cases
sharing the weight of one unit. Since a kernel gives up the exact guarantee, it is won back from outside: the nominal
share is the one at which intervals that leave a unit out cover as many of its cases as asked, the unit to come counted
in. What holds: over new units, drawn as the calibration units were, about `share` is covered. It does not hold for each
unit by itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


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
        weight = 1 / np.bincount(self.unit)[self.unit]
        return max(2 * _quantile(self._reaches(), weight, min(share * (units + 1) / units, 1.0)) - 1, 0.0)

    def _reaches(self) -> Floats:
        """For each case, how far intervals made without its unit must reach, on the side on which it lies, to hold it."""
        weight = 1 / np.bincount(self.unit)[self.unit]
        reaches = np.empty(len(self.predicted))
        for case, (predicted, residual) in enumerate(zip(self.predicted, self.residual, strict=True)):
            near = np.exp(-0.5 * ((self.predicted - predicted) / self.width) ** 2) * weight * (self.unit != self.unit[case])
            below, above = near[self.residual < residual].sum(), near[self.residual > residual].sum()
            reaches[case] = max(below, above) / max(float(near.sum()), 1e-300)
        return reaches


def _quantile(scores: Floats, weight: Floats, probability: float) -> float:
    """The least score up to which there is that share of the weight."""
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum(weight[order])
    place = int(np.searchsorted(reached, probability * reached[-1] * (1 - 1e-12)))
    return float(scores[order][min(place, len(scores) - 1)])
