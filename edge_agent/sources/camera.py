"""A live camera: HTTP MJPEG, RTSP or V4L2, by the same call of OpenCV.

A thread reads all the time and keeps only the newest frame: a reader that pauses would get old frames. A stalled camera
answers False after the read timeout while it still says it is open, so False reads are counted and it is opened anew.
"""

import time
from collections.abc import Mapping
from threading import Condition, Thread
from types import MappingProxyType

import cv2
import numpy as np
from cv2 import VideoCapture
from numpy.typing import NDArray

from edge_agent.clock import DeviceClock, Stamp
from edge_agent.errors import SourceLost
from edge_agent.sample import Frame

OPEN_TIMEOUT_MS = 3_000
READ_TIMEOUT_MS = 3_000
BAD_READS = 3
CLOSE_TIMEOUT_S = 1.0
_NO_UNITS: Mapping[str, str] = MappingProxyType({})


Shot = tuple[Stamp, NDArray[np.uint8]]


class Camera:
    """Newest frame of one camera, at most one every `interval_s`."""

    def __init__(self, source_id: str, url: str, clock: DeviceClock, interval_s: float) -> None:
        self.dropped = 0
        self.refused = 0
        self.units = _NO_UNITS
        self._source_id, self._url, self._clock, self._interval_s = source_id, url, clock, interval_s
        self._changed = Condition()
        self._newest: Shot | None = None
        self._lost: str | None = None
        self._reader: Thread | None = None
        self._is_closed = False
        self._yielded_s = float("-inf")

    def read(self, timeout_s: float) -> Frame | None:
        """The newest frame not seen yet. Raises SourceLost; the next call connects again."""
        self._start()
        with self._changed:
            wait_s = self._interval_s - (time.monotonic() - self._yielded_s)
            if wait_s > 0:
                self._changed.wait_for(lambda: self._lost is not None or self._is_closed, min(wait_s, timeout_s))
            if wait_s <= timeout_s:
                self._changed.wait_for(lambda: self._newest or self._lost or self._is_closed, timeout_s)
            return self._taken(wait_s <= timeout_s)

    def close(self) -> None:
        """Stop reading; a reader that waits for a stalled camera ends by itself after its timeout."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._reader is not None:
            self._reader.join(timeout=CLOSE_TIMEOUT_S)

    def _taken(self, is_due: bool) -> Frame | None:
        if self._lost is not None:
            why, self._lost, self._newest, self._reader = self._lost, None, None, None
            raise SourceLost(self._source_id, why)
        if self._newest is None or not is_due:
            return None
        (stamp, pixels), self._newest = self._newest, None
        self._yielded_s = time.monotonic()
        return Frame(self._source_id, stamp.at, stamp.monotonic_ms, stamp.clock, pixels)

    def _start(self) -> None:
        if self._reader is None and not self._is_closed:
            self._reader = Thread(target=self._keep_newest, name=f"camera {self._source_id}", daemon=True)
            self._reader.start()

    def _keep_newest(self) -> None:
        try:
            why = self._watched()
        except Exception as error:  # whoever waits for a frame must hear of it, whatever it is
            why = f"{self._url} cannot be read: {type(error).__name__}: {error}"
        with self._changed:
            self._lost = why
            self._changed.notify_all()

    def _watched(self) -> str:
        """Read until it cannot go on; why."""
        capture = _opened(self._url)
        try:
            return self._read_on(capture) if capture.isOpened() else f"{self._url} cannot be opened; check power and address"
        finally:
            capture.release()

    def _read_on(self, capture: VideoCapture) -> str:
        bad_reads = 0
        while bad_reads < BAD_READS and not self._is_closed:
            ok, pixels = capture.read()
            if not ok:
                bad_reads += 1
                self.refused += 1
                continue
            bad_reads = 0
            with self._changed:
                self.dropped += self._newest is not None
                self._newest = (self._clock.now(), pixels.astype(np.uint8, copy=False))
                self._changed.notify_all()
        return f"{self._url} gave no frame {BAD_READS} times in a row; check its power and the address"


def _opened(url: str) -> VideoCapture:
    if url.startswith("/dev/video"):
        return cv2.VideoCapture(url, cv2.CAP_V4L2)
    timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS]
    return cv2.VideoCapture(url, cv2.CAP_FFMPEG, timeouts)
