"""A folder of photographs or a video file, played back as frames."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
import structlog
from numpy.typing import NDArray

from edge_agent.clock import DeviceClock
from edge_agent.errors import BadRecording, SourceEnded
from edge_agent.sample import Frame
from edge_agent.sources.pace import Pace
from vision_models.errors import PictureUnusable
from vision_models.inference.preprocess import read_picture

SUFFIXES = {".jpg", ".jpeg", ".png"}
_START = datetime(1970, 1, 1, tzinfo=UTC)
_NO_UNITS: Mapping[str, str] = MappingProxyType({})

_log = structlog.get_logger()

Pixels = NDArray[np.uint8]


class _FrameReplay:
    """What both recordings share: the next picture when it is due, with a time laid out by `Pace`."""

    def __init__(
        self, source_id: str, path: Path, clock: DeviceClock, speed: float | None, interval_s: float, total: int
    ) -> None:
        self.dropped = 0
        self.refused = 0
        self.total = total
        self.units = _NO_UNITS
        self._source_id = source_id
        self._path = path
        self._interval_s = interval_s
        self._index = 0
        self._pace = Pace(clock, speed, _START, self._moment(max(0, total - 1)))
        self._pictures = self._read_pictures()

    def read(self, timeout_s: float) -> Frame | None:
        """The next readable picture, when it is due."""
        recorded = self._moment(self._index)
        if not self._pace.wait_until(recorded, timeout_s):
            return None
        pixels = next(self._pictures, None)
        if pixels is None:
            raise SourceEnded(self._source_id, f"{self._index} pictures of {self._path} played, {self.refused} unreadable")
        self._index += 1
        stamp = self._pace.stamp(recorded)
        return Frame(self._source_id, stamp.at, stamp.monotonic_ms, stamp.clock, pixels)

    def close(self) -> None:
        """Let go of the files."""
        self._pace.stop()
        self._pictures = iter(())

    def _moment(self, index: int) -> datetime:
        return _START + timedelta(seconds=index * self._interval_s)

    def _read_pictures(self) -> Iterator[Pixels]:
        raise NotImplementedError

    def _refuse(self, what: str, why: str) -> None:
        self.refused += 1
        _log.warning("picture_refused", source=self._source_id, picture=what, why=why)


class PictureReplay(_FrameReplay):
    """Every picture in a folder (else in the folders inside it), by name. Raises BadRecording when there is none."""

    def __init__(
        self, source_id: str, path: Path, clock: DeviceClock, speed: float | None = None, interval_s: float = 1.0
    ) -> None:
        if not path.is_dir():
            raise BadRecording(source_id, f"{path} is not a folder of pictures; check the path")
        self._files = _pictures_in(path.iterdir()) or _pictures_in(path.rglob("*"))
        if not self._files:
            raise BadRecording(source_id, f"{path} holds no picture ({' '.join(sorted(SUFFIXES))}), nor do folders in it")
        super().__init__(source_id, path, clock, speed, interval_s, len(self._files))

    def _read_pictures(self) -> Iterator[Pixels]:
        for file in self._files:
            try:
                pixels = read_picture(file)
            except PictureUnusable as error:
                self._refuse(file.name, str(error))
            else:
                yield pixels


def named_pictures(source_id: str, folder: Path) -> Iterator[tuple[str, Pixels]]:
    """Name and pixels of every picture in a folder, by name. Raises BadRecording, also for one that cannot be read."""
    files = _pictures_in(folder.iterdir()) if folder.is_dir() else []
    if not files:
        raise BadRecording(source_id, f"{folder} is no folder with pictures ({' '.join(sorted(SUFFIXES))}); check the path")
    for file in files:
        try:
            yield file.name, read_picture(file)
        except PictureUnusable as error:
            raise BadRecording(source_id, str(error)) from error


class VideoReplay(_FrameReplay):
    """The frames of a video file, one every `interval_s` of its own time. Raises BadRecording."""

    def __init__(
        self, source_id: str, path: Path, clock: DeviceClock, speed: float | None = None, interval_s: float = 1.0
    ) -> None:
        self._capture = cv2.VideoCapture(str(path)) if path.is_file() else None
        if self._capture is None or not self._capture.isOpened():
            raise BadRecording(source_id, f"{path} is not a video that OpenCV can open; convert it to MP4 (H.264)")
        frames_per_s = self._capture.get(cv2.CAP_PROP_FPS) or 25.0
        self._stride = max(1, round(frames_per_s * interval_s))
        frames = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        super().__init__(source_id, path, clock, speed, interval_s, -(-max(0, frames) // self._stride))

    def close(self) -> None:
        """Close the file."""
        super().close()
        if self._capture is not None:
            self._capture.release()

    def _read_pictures(self) -> Iterator[Pixels]:
        index = 0
        while self._capture is not None and self._capture.grab():
            if index % self._stride == 0:
                ok, pixels = self._capture.retrieve()
                if ok:
                    yield pixels.astype(np.uint8, copy=False)
                else:
                    self._refuse(f"frame {index}", "damaged")
            index += 1


def _pictures_in(files: Iterable[Path]) -> list[Path]:
    return sorted(file for file in files if file.suffix.lower() in SUFFIXES and file.is_file())
