"""How sure a figure is: percentile bootstrap over frames (Efron and Tibshirani 1993, ch. 13).

A frame, not a thing in it, is drawn again: things of one frame share its light. The draws are seeded, so that the same
frames give the same interval. A draw in which the figure cannot be told (NaN) is left out.
"""

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from vision_models.inference.arrays import Floats

LEVEL = 0.95
DRAWS = 1000
_SEED = 20261124


Numbers = NDArray[np.intp]


class Estimate(msgspec.Struct, frozen=True):
    """A figure over n frames with the 95 % interval low..high."""

    n: int
    value: float
    low: float
    high: float


def mean_estimate(values: Floats) -> Estimate:
    """The mean of n values, n at least 1."""
    return estimate(len(values), lambda chosen: float(values[chosen].mean()))


def estimate(frames: int, figure: Callable[[Numbers], float], draws: int = DRAWS) -> Estimate:
    """`figure` of all frames, and how it varies over frames drawn with replacement; it is given the numbers of frames."""
    rng = np.random.default_rng(_SEED)
    drawn = [figure(rng.integers(0, frames, frames)) for _ in range(draws)]
    low, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(frames, figure(np.arange(frames)), float(low), float(high))
