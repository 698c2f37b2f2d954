"""Fitting which detections count, on pictures that the detector was not taught with.

Searched over a grid: the limit at small sides and how it falls with size. Each group of pictures (a capture, the rendered
ones) weighs the same, and the aim is mean error of the count less the share within one. Ties go to the plainer rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from vision_models.inference.arrays import Floats
from vision_models.inference.boxes import CountRule, log_sides
from vision_models.inference.detections import Detections

_BASES = np.arange(0.15, 1.25, 0.05)
_SLOPES = np.arange(0.0, 0.50, 0.05)
_HIGHEST = (0.4, 0.5, 0.6, 0.8)
_LOWEST = 0.1


@dataclass(frozen=True)
class Counted:
    """What the detector found in one picture before any rule, how many there are, and the group it weighs in."""

    candidates: Detections
    picture_area_px: float
    true_count: int
    group: str


def fitted_rule(pictures: Sequence[Counted]) -> CountRule:
    """The rule with the smallest error over these pictures."""
    weights = group_weights(pictures)
    sides = [log_sides(one.candidates.boxes_px, one.picture_area_px) for one in pictures]
    truth = np.array([one.true_count for one in pictures])
    best, least = CountRule(0.4, 0.0, _LOWEST, 0.8), np.inf
    for slope, base, highest in product(_SLOPES, _BASES, _HIGHEST):
        rule = CountRule(round(float(base), 3), round(float(slope), 3), _LOWEST, highest)
        counts = [int(rule.passes(side, one.candidates.scores).sum()) for one, side in zip(pictures, sides, strict=True)]
        off = np.abs(np.array(counts) - truth)
        cost = float(np.sum(weights * (off - (off <= 1))))
        if cost < least - 1e-9:
            best, least = rule, cost
    return best


def fitted_limit(pictures: Sequence[Counted]) -> float:
    """The score above which detections count, whatever their size, with the smallest mean error over these pictures; of
    limits that do equally well, the one in the middle."""
    limits = np.arange(0.06, 0.9, 0.01)
    errors = [limit_error(pictures, float(limit)) for limit in limits]
    best = np.flatnonzero(np.array(errors) <= min(errors) + 1e-9)
    return round(float(limits[best[len(best) // 2]]), 3)


def limit_error(pictures: Sequence[Counted], limit: float) -> float:
    """Mean error of the count over pictures when what scores above the limit counts."""
    return float(np.mean([abs(int((one.candidates.scores > limit).sum()) - one.true_count) for one in pictures]))


def group_weights(pictures: Sequence[Counted]) -> Floats:
    """A weight for each picture so that every group weighs the same and all together 1."""
    groups = [one.group for one in pictures]
    return np.array([1.0 / (groups.count(group) * len(set(groups))) for group in groups], dtype=np.float32)
