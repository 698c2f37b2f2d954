"""Counts the cartons on each shelf that a camera sees."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from edge_agent.errors import SampleRefused, SnapshotRejected
from edge_agent.sample import Frame, Sample
from edge_agent.task import Finding
from edge_agent.tasks.shelf_count.names import Identify
from edge_agent.tasks.shelf_count.region import Detector, RegionMemory, RegionWatch
from edge_agent.tasks.shelf_count.settings import Settings, shelves
from edge_agent.thumbnail import Pixels
from protocols.envelope import Instant
from vision_models.errors import PictureUnusable
from vision_models.inference.frame_quality import QualityLimits, frame_quality, verdict

SNAPSHOT_VERSION = 1


class Snapshot(Struct):
    """Saved state: one memory for each region, in the order of the settings."""

    version: int
    regions: list[RegionMemory]
    looked_at: Instant | None = None


class ShelfCountTask:
    """One camera's shelves. A frame that arrives sooner than `look_every_s` after the last look is passed over."""

    def __init__(self, settings: Settings, source_id: str, detector: Detector, identify: Identify | None = None) -> None:
        self._settings = settings
        self._detector = detector
        self._identify = identify
        self._regions = shelves(settings, source_id)
        self._looked_at: datetime | None = None
        self._watches = self._new_watches()

    @property
    def model(self) -> str:
        """The model of every finding."""
        return self._detector.model_id

    def observe(self, sample: Sample) -> Sequence[Finding]:
        """A count for each shelf that has one to tell. Raises SampleRefused for a frame no count may rest on."""
        if not isinstance(sample, Frame):
            raise SampleRefused("not a frame")
        elapsed_s = self._elapsed_s(sample.taken_at)
        if elapsed_s is None:
            return ()
        refuse_unusable(sample.pixels)
        self._looked_at = sample.taken_at
        try:
            found = [watch.look(sample, self._detector, elapsed_s) for watch in self._watches]
        except PictureUnusable as error:
            raise SampleRefused("unusable") from error
        return [finding for finding in found if finding is not None]

    def finish(self) -> Sequence[Finding]:
        """Nothing is held back."""
        return ()

    def recount(self) -> int:
        """Count every shelf anew, from the next frame on; how many counts will be told."""
        for watch in self._watches:
            watch.recount()
        self._looked_at = None
        return len(self._watches)

    def snapshot(self) -> bytes:
        """The looks that the next counts rest on."""
        memories = [watch.memory for watch in self._watches]
        return msgspec.json.encode(Snapshot(SNAPSHOT_VERSION, memories, self._looked_at))

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot, shelf by shelf; shelves that changed start anew. Raises SnapshotRejected."""
        self._watches, self._looked_at = self._new_watches(), None
        try:
            saved = msgspec.json.decode(state, type=Snapshot)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise SnapshotRejected(f"shelf_count: {error}; counting starts again") from error
        if saved.version != SNAPSHOT_VERSION:
            raise SnapshotRejected(f"shelf_count: state version {saved.version}, this is {SNAPSHOT_VERSION}")
        self._looked_at = saved.looked_at
        by_place = {(memory.location, memory.sku): memory for memory in saved.regions}
        for watch in self._watches:
            watch.memory = by_place.get((watch.memory.location, watch.memory.sku), watch.memory)

    def _new_watches(self) -> list[RegionWatch]:
        return [RegionWatch(region, self._settings, self._identify) for region in self._regions]

    def _elapsed_s(self, at: datetime) -> float | None:
        """Seconds since the last look, 0 at the first; None when it is too soon. A clock that was set back counts as 0."""
        if self._looked_at is None or not self._settings.regions:
            return 0.0
        elapsed_s = (at - self._looked_at).total_seconds()
        if 0 <= elapsed_s < self._settings.look_every_s:
            return None
        return max(0.0, elapsed_s)


def refuse_unusable(pixels: Pixels) -> None:
    """Raises SampleRefused when the frame is dark, glaring, blurred, covered or no picture at all."""
    try:
        quality = verdict(frame_quality(pixels), QualityLimits())
    except PictureUnusable as error:
        raise SampleRefused("unusable") from error
    if quality != "good":
        raise SampleRefused(quality)
