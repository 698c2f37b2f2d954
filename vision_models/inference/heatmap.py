"""From a map of strangeness to a score for the part, a mask and regions."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision_models.inference.arrays import Floats, Mask
from vision_models.inference.detections import Detections, no_detections, one_class


def smoothed(strangeness: Floats, sigma: float) -> Floats:
    """The map with single hot cells evened out over `sigma` cells."""
    return cv2.GaussianBlur(strangeness, (0, 0), sigma).astype(np.float32) if sigma > 0 else strangeness


def top_mean(strangeness: Floats, share: float, mask: Mask | None = None) -> float:
    """Mean of the strangest share of the cells (at least one): a flaw is small, so the mean of all would hide it."""
    cells = strangeness[mask] if mask is not None else strangeness.ravel()
    if not len(cells):
        return 0.0
    count = max(round(len(cells) * share), 1)
    return float(np.partition(cells, -count)[-count:].mean())


def regions(strangeness: Floats, limit: float, smallest_area_px: int, most: int = 20) -> Detections:
    """Connected places above `limit` as boxes, the strangest first; scores are the peak over twice the limit, at most 1."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((strangeness > limit).astype(np.uint8), connectivity=8)
    found = [label for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] >= smallest_area_px]
    if not found:
        return no_detections()
    peaks = np.array([_peak(strangeness, labels, label, stats[label]) for label in found], dtype=np.float32)
    order = np.argsort(-peaks, kind="stable")[:most]
    left, top, width, height = (stats[found, column].astype(np.float32) for column in range(4))
    boxes = np.stack([left, top, left + width, top + height], axis=1)[order]
    return one_class(boxes, np.clip(peaks[order] / (2 * limit), 0, 1))


def _peak(strangeness: Floats, labels: NDArray[np.generic], label: int, stats: NDArray[np.generic]) -> float:
    """The strangest cell of one place, looked for within its box only: a noisy map holds many places."""
    left, top, width, height = (int(side) for side in stats[: cv2.CC_STAT_AREA])
    window = slice(top, top + height), slice(left, left + width)
    return float(strangeness[window][labels[window] == label].max())
