"""Judges each part on a line once; only what fails, or is too close to say, is told."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec import Struct

from edge_agent.errors import SampleRefused, SnapshotRejected
from edge_agent.sample import Frame, Sample
from edge_agent.task import Finding
from edge_agent.tasks.defects.drift import DriftMemory
from edge_agent.tasks.defects.drift import passed as passing
from edge_agent.tasks.defects.gate import GateMemory, is_whole, opens
from edge_agent.tasks.defects.lines import Scale, lines
from edge_agent.tasks.defects.school import School
from edge_agent.tasks.defects.settings import Settings
from edge_agent.tasks.defects.station import Station
from edge_agent.tasks.defects.verdict import defect
from edge_agent.thumbnail import Pixels, coarse, cut, jpeg
from protocols.messages.device import Teaching
from vision_models.errors import PictureUnusable
from vision_models.inference.detections import Inspection
from vision_models.inference.frame_quality import QualityLimits, frame_quality, verdict

SNAPSHOT_VERSION = 1
Hear = Callable[[Pixels, datetime], None]

MEANT_QUALITIES = ("good", "blurred")  # a smooth part on a plain belt has few edges: that is not a lens out of focus


class Detector(Scale, Protocol):
    """Inspects parts: `vision_models.inference.defects.DefectDetector`."""

    @property
    def model_id(self) -> str:
        """Which model, for the event."""
        ...

    def inspect(self, image_bgr: Pixels) -> Inspection:
        """The verdict on the part in a picture (h, w, 3). Raises PictureUnusable, also when no whole part is in it."""
        ...


class Snapshot(Struct):
    """Saved state."""

    version: int
    gate: GateMemory
    passed: int = 0  # parts since the last that was told
    drift: DriftMemory = msgspec.field(default_factory=DriftMemory)


class DefectsTask:
    """One camera over one line; `station`: where it learns, and what it was taught."""

    def __init__(self, settings: Settings, detector: Detector, station: Station | None = None) -> None:
        self._settings = settings
        self._detector = detector
        self._station = station
        self._hear: Hear | None = None
        self._lines = lines(settings, detector)
        self._gate = GateMemory()
        self._passed = 0
        self._drift = DriftMemory()

    @property
    def model(self) -> str:
        """The model of every finding."""
        return self._detector.model_id

    @property
    def school(self) -> School | None:
        """Where this station learns its part; None for a detector that cannot."""
        return None if self._station is None else self._station.school

    @property
    def teaching(self) -> Teaching | None:
        """What its verdicts rest on; None: on the model's own statistics."""
        return None if self._station is None else self._station.teaching

    @property
    def trouble(self) -> str | None:
        """Why what it was taught does not count."""
        return None if self._station is None else self._station.trouble

    def show_parts_to(self, hear: Hear | None) -> None:
        """From now on each part is shown to `hear` (pixels of the region, and when) before it is judged; None: to nobody."""
        self._hear = hear

    def observe(self, sample: Sample) -> Sequence[Finding]:
        """The defect of the part that has just come to rest, if any. Raises SampleRefused."""
        if not isinstance(sample, Frame):
            raise SampleRefused("not a frame")
        crop = cut(sample.pixels, self._settings.roi)
        try:
            quality = verdict(frame_quality(crop), QualityLimits())
            if quality not in MEANT_QUALITIES:
                raise SampleRefused(quality)
            return self._judged(sample, crop) if self._is_a_part(crop) else ()
        except PictureUnusable as error:
            raise SampleRefused("no whole part") from error

    def finish(self) -> Sequence[Finding]:
        """Nothing is held back."""
        return ()

    def snapshot(self) -> bytes:
        """What the empty belt looks like, whether the part in view was judged, and how many passed lately."""
        return msgspec.json.encode(Snapshot(SNAPSHOT_VERSION, self._gate, self._passed, self._drift))

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot. Raises SnapshotRejected."""
        self._gate, self._passed, self._drift = GateMemory(), 0, DriftMemory()
        if not state:
            return
        try:
            saved = msgspec.json.decode(state, type=Snapshot)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise SnapshotRejected(f"defects: {error}; the empty belt is learned again") from error
        if saved.version != SNAPSHOT_VERSION:
            raise SnapshotRejected(f"defects: state version {saved.version}, this is {SNAPSHOT_VERSION}")
        if not is_whole(saved.gate):
            raise SnapshotRejected("defects: a view of another size was saved; the empty belt is learned again")
        self._gate, self._passed, self._drift = saved.gate, max(0, saved.passed), saved.drift

    def _is_a_part(self, crop: Pixels) -> bool:
        return self._settings.gate == "every_frame" or opens(self._gate, coarse(crop))

    def _judged(self, frame: Frame, crop: Pixels) -> Sequence[Finding]:
        if (hear := self._hear) is not None:
            hear(crop, frame.taken_at)
        height_px, width_px = crop.shape[:2]
        inspection = self._detector.inspect(crop)
        sides_px, inspected = (width_px, height_px), self._passed + 1
        message = defect(inspection, self._settings, self._lines, frame.source_id, sides_px, inspected)
        if message is None:
            self._passed += 1
            return self._drifted(frame, inspection.score)
        self._passed = 0
        return (Finding(message, urgent=True, evidence=jpeg(crop), model=self._detector.model_id),)

    def _drifted(self, frame: Frame, score: float) -> Sequence[Finding]:
        model = self._detector.model_id
        moved = passing(self._drift, model, score, frame.source_id, frame.taken_at)
        return () if moved is None else (Finding(moved, urgent=True, model=model),)
