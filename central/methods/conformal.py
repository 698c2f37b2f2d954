"""Intervals that keep their promise, calibrated by unit: an engine with many readings counts as one engine. Pure.

Method: split-conformal with cross-validated residuals (Romano, Patterson, Candès 2019; Barber et al. 2021). Calibration
cases near a prediction count more than those far from it (a kernel over the predicted value, Guan 2023), each unit's cases
share the weight of one unit, and the case to come counts as one unit more. What holds: over new units, drawn as the
calibration units were, the share covered is `share` or a little more. It does not hold for each unit by itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Calibration:
    """Cases with a known answer. predicted, residual (true minus predicted): (n,); unit: (n,) which unit a case is of;
    width: how far a case still counts, in units of the prediction."""

    predicted: Floats
    residual: Floats
    unit: Ints
    width: float

    def __post_init__(self) -> None:
        if not len(self.predicted) == len(self.residual) == len(self.unit):
            raise ValueError(f"{len(self.predicted)} predictions, {len(self.residual)} residuals: must agree")

    def interval(self, predicted: float, share: float) -> tuple[float, float]:
        """Low and high: the truth lies between them with probability `share`, each side missed half of the rest.

        Infinite where too few units are near for what is asked.
        """
        near = np.exp(-0.5 * ((self.predicted - predicted) / self.width) ** 2)
        cases = np.bincount(self.unit, minlength=int(self.unit.max()) + 1)
        weight = near / cases[self.unit]
        tail = (1 - share) / 2
        return (
            predicted - _quantile(-self.residual, weight, 1 - tail),
            predicted + _quantile(self.residual, weight, 1 - tail),
        )


def _quantile(scores: Floats, weight: Floats, probability: float) -> float:
    """The least score whose weight, with the case to come put at infinity, reaches `probability`."""
    order = np.argsort(scores, kind="stable")
    one_unit = 1.0  # the case to come, at the centre of the kernel
    reached = np.cumsum(weight[order]) / (weight.sum() + one_unit)
    place = int(np.searchsorted(reached, probability))
    return float(scores[order][place]) if place < len(scores) else float("inf")
