"""Which frames of a camera are worth a look: one at each interval, one when something moves, or one when it is asked for."""

import threading
from typing import Literal

import numpy as np

from edge_agent.thumbnail import Cells, Pixels, coarse, largest_change

Trigger = Literal["interval", "motion", "command"]
MOVED_LEVELS = 10.0  # grey levels of the cell that changed most: less is noise and flicker
AT_LEAST_EVERY_S = 60.0  # a scene without motion is looked at so often all the same


class FrameGate:
    """Lets the frames of one camera through that its trigger asks for."""

    def __init__(self, trigger: Trigger) -> None:
        self._trigger = trigger
        self._asked = threading.Event()
        self._last: Cells | None = None
        self._passed_s = float("-inf")

    def ask(self) -> None:
        """The next frame passes, whatever the trigger."""
        self._asked.set()

    def passes(self, pixels: Pixels, at_s: float) -> bool:
        """Whether a frame (h, w, 3) of that monotonic second is one to look at."""
        is_asked = self._asked.is_set()
        self._asked.clear()
        if self._trigger != "motion":
            return is_asked or self._trigger == "interval"
        cells = coarse(pixels)
        has_changed = self._last is None or largest_change(cells, self._last) >= MOVED_LEVELS
        if not (is_asked or has_changed or at_s - self._passed_s >= AT_LEAST_EVERY_S):
            return False
        self._last, self._passed_s = cells, at_s
        return True


class FrozenWatch:
    """Says when a camera gives the same picture again and again: a sensor's noise never repeats, a hung encoder does."""

    def __init__(self, frames: int = 10, span_s: float = 60.0) -> None:
        self._frames, self._span_s = frames, span_s
        self._before: Pixels | None = None
        self._same, self._since_s = 0, 0.0

    def is_frozen(self, pixels: Pixels, at_s: float) -> bool:
        """True from the moment on that so many frames over so long were equal to the last level of grey."""
        sample = np.ascontiguousarray(pixels[::7, ::7])
        if self._before is not None and np.array_equal(sample, self._before):
            self._same += 1
        else:
            self._same, self._since_s = 0, at_s
        self._before = sample
        return self._same >= self._frames and at_s - self._since_s >= self._span_s
