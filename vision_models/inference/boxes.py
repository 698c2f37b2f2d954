"""Boxes: overlap, suppression of duplicates, and which detections count as a thing.

Small things score lower than large ones, so one limit for all cuts off the back rows of a pallet. `CountRule` lowers the
limit with the size of the box; its numbers are fitted on validation pictures and stay outside the graph.
"""

from dataclasses import dataclass

import numpy as np

from vision_models.inference.arrays import Floats, Integers, Mask


@dataclass(frozen=True)
class CountRule:
    """A detection counts when its score is above base + slope * ln(side), side = √(box area / picture area), the limit
    being held within lowest..highest."""

    base: float
    slope: float
    lowest: float
    highest: float

    def counts(self, boxes_px: Floats, scores: Floats, picture_area_px: float) -> Mask:
        """Which of the n detections count, (n,)."""
        return self.passes(log_sides(boxes_px, picture_area_px), scores)

    def passes(self, log_sides: Floats, scores: Floats) -> Mask:
        """Which of n scores are above the limit for ln(side), (n,)."""
        limit = np.clip(self.base + self.slope * log_sides, self.lowest, self.highest)
        return np.asarray(scores > limit, dtype=np.bool_)


def log_sides(boxes_px: Floats, picture_area_px: float) -> Floats:
    """ln √(box area / picture area) of each box of (n, 4)."""
    return np.asarray(np.log(np.sqrt(np.maximum(areas(boxes_px), 1e-6) / picture_area_px)), dtype=np.float32)


def areas(boxes: Floats) -> Floats:
    """Area of each box of (n, 4); 0 for one turned inside out."""
    sides = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None)
    return np.asarray(sides[:, 0] * sides[:, 1], dtype=np.float32)


def overlaps(boxes: Floats, others: Floats) -> Floats:
    """Intersection over union of each of n boxes with each of m others: (n, m)."""
    top_left = np.maximum(boxes[:, None, :2], others[None, :, :2])
    bottom_right = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    sides = np.clip(bottom_right - top_left, 0, None)
    shared = sides[:, :, 0] * sides[:, :, 1]
    union = areas(boxes)[:, None] + areas(others)[None] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), dtype=np.float32)


def suppressed(boxes: Floats, scores: Floats, largest_overlap: float, most: int) -> Integers:
    """Indices of the boxes that remain when each better box removes those it overlaps more than allowed, best first."""
    waiting = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(waiting) and len(kept) < most:
        best, waiting = waiting[0], waiting[1:]
        kept.append(int(best))
        waiting = waiting[overlaps(boxes[best][None], boxes[waiting])[0] <= largest_overlap]
    return np.array(kept, dtype=np.int64)
