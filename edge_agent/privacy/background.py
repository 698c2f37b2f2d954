"""Finds moving things larger than a facing on a coarse grid of one camera's frames (pure, a few kilobytes of state).

Background subtraction with a slow running mean and a memory of motion, after the adaptive background models reviewed by
Piccardi (IEEE SMC 2004): a cell belongs to a thing while it differs from the background and has moved within `hold_s`.
The light over all may change: differences are taken from their median.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.privacy.policy import PrivacyPolicy

Pixels = NDArray[np.uint8]
Cells = NDArray[np.float32]
Mask = NDArray[np.bool_]
Box = tuple[float, float, float, float]

COLUMNS, ROWS = 64, 48
MOVED = 12.0  # grey levels between two frames: less is noise and compression
DIFFERS = 18.0  # grey levels from the background
LEARNING_S = 120.0  # time constant of the background


@dataclass
class BackgroundModel:
    """What the scene looks like without the things that move through it. Show it every frame, in order of time."""

    policy: PrivacyPolicy
    _background: Cells | None = None
    _before: Cells | None = None
    _at_s: float = 0.0
    _moved_s: NDArray[np.float64] = field(default_factory=lambda: np.full((ROWS, COLUMNS), -np.inf))

    def things(self, pixels: Pixels, at_s: float) -> tuple[Box, ...]:
        """Boxes (x, y, width, height, fractions of the frame) of moving things in `pixels` (h, w, 3), taken at monotonic
        `at_s`. Empty at the first frame, from which nothing can be known."""
        if self.policy.moving_things == "keep":
            return ()
        cells = _cells(pixels)
        if self._background is None or self._before is None:
            self._background, self._before, self._at_s = cells, cells, at_s
            return ()
        self._moved_s[_differs(cells, self._before, MOVED)] = at_s
        hidden = _differs(cells, self._background, DIFFERS) & (at_s - self._moved_s <= self.policy.hold_s)
        self._learn(cells, hidden, at_s)
        self._before = cells
        return _large(hidden, self.policy.facing_share)

    def _learn(self, cells: Cells, hidden: Mask, at_s: float) -> None:
        """Cells that hide the background are not learned from: a person must not become part of it."""
        background, weight = self._background, 1 - float(np.exp(-max(0.0, at_s - self._at_s) / LEARNING_S))
        if background is not None:
            self._background = np.where(hidden, background, background + weight * (cells - background)).astype(np.float32)
        self._at_s = at_s


def _cells(pixels: Pixels) -> Cells:
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA).astype(np.float32)


def _differs(cells: Cells, other: Cells, limit: float) -> Mask:
    difference = cells - other
    return np.asarray(np.abs(difference - np.median(difference)) > limit)


def _large(hidden: Mask, facing_share: float) -> tuple[Box, ...]:
    """The connected parts that cover more of the frame than a facing, a cell wider on each side."""
    closed = cv2.morphologyEx(hidden.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    large = [part for part in stats[1:] if part[cv2.CC_STAT_AREA] > facing_share * hidden.size]
    return tuple(_box(int(x), int(y), int(width), int(height)) for x, y, width, height, _ in large)


def _box(column: int, row: int, width: int, height: int) -> Box:
    left, top = max(0, column - 1), max(0, row - 1)
    right, bottom = min(COLUMNS, column + width + 1), min(ROWS, row + height + 1)
    return left / COLUMNS, top / ROWS, (right - left) / COLUMNS, (bottom - top) / ROWS
