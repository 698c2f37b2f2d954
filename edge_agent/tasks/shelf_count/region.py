"""One shelf of a camera: looks, remembers a few of them, tells a count with a picture that shows it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from msgspec import Struct

from edge_agent.sample import Frame
from edge_agent.task import Finding, Picture
from edge_agent.tasks.shelf_count.planogram import Box, fractions, stock
from edge_agent.tasks.shelf_count.settings import Region, Settings
from edge_agent.tasks.shelf_count.smoothing import is_worth_telling, smoothed
from edge_agent.thumbnail import Cells, Pixels, coarse, cut, jpeg, largest_change, shown
from protocols.messages.shelf_count import ShelfCount
from vision_models.inference.detections import Detections

SAME_SCENE = 10.0  # grey levels: below it no cell of the shelf has changed


class Detector(Protocol):
    """Finds cartons: `vision_models.inference.shelf.ShelfDetector`."""

    @property
    def model_id(self) -> str:
        """Which model, for the event."""
        ...

    def detect(self, image_bgr: Pixels) -> Detections:
        """The cartons in a picture (h, w, 3). Raises PictureUnusable."""
        ...


class RegionMemory(Struct):
    """What a shelf's next count rests on. `told`: the count last told, `since_told_s` ago."""

    location: str
    sku: str
    counts: list[int] = []
    told: int | None = None
    since_told_s: float = 0.0


@dataclass(frozen=True)
class Look:
    """What was seen in one crop, and the picture that shows it. `score`: mean of the detections', 1 for none."""

    scene: Cells
    boxes: tuple[Box, ...]
    count: int
    score: float
    picture: Picture


class RegionWatch:
    """Looks at one region of each frame. While nothing moves in it, what was seen `frames` times is not looked at again."""

    def __init__(self, region: Region, settings: Settings) -> None:
        self.memory = RegionMemory(location=region.location, sku=region.sku)
        self._region = region
        self._tells_every_look = not settings.regions
        self._frames = 1 if self._tells_every_look else settings.frames
        self._interval_s = settings.interval_s
        self._looks: list[Look] = []
        self._alike = 0

    def look(self, frame: Frame, detector: Detector, elapsed_s: float) -> Finding | None:
        """The count, when it is time to tell one. Raises PictureUnusable."""
        memory, latest = self.memory, self._latest(frame, detector)
        self._looks = [*self._looks, latest][-self._frames :]
        memory.counts = [*memory.counts, latest.count][-self._frames :]
        memory.since_told_s += elapsed_s
        if not (self._tells_every_look or self._is_time()):
            return None
        finding = self._finding(frame, detector.model_id)
        memory.told, memory.since_told_s = smoothed(memory.counts).count, 0.0
        return finding

    def recount(self) -> None:
        """Forget what was seen and told: the next count rests on fresh looks alone, and is told whatever it is."""
        self.memory = RegionMemory(location=self.memory.location, sku=self.memory.sku)
        self._looks, self._alike = [], 0

    def _is_time(self) -> bool:
        memory, count = self.memory, smoothed(self.memory.counts).count
        return is_worth_telling(len(memory.counts), self._frames, count, memory.told, memory.since_told_s, self._interval_s)

    def _latest(self, frame: Frame, detector: Detector) -> Look:
        """A fresh look, or the last one when the scene has been the same for long enough."""
        crop = cut(frame.pixels, self._region.roi)
        scene = coarse(crop)
        is_same = bool(self._looks) and largest_change(scene, self._looks[-1].scene) < SAME_SCENE
        self._alike = self._alike + 1 if is_same else 0
        if self._alike >= self._frames:
            return self._looks[-1]
        found = detector.detect(crop)
        boxes = fractions(found.boxes_px.tolist(), crop.shape[1], crop.shape[0])
        score = float(np.mean(found.scores)) if len(found) else 1.0
        return Look(scene, boxes, len(found), score, jpeg(shown(frame, self._region.roi)))

    def _finding(self, frame: Frame, model_id: str) -> Finding:
        seen = smoothed(self.memory.counts)
        shown = next((look for look in reversed(self._looks) if look.count == seen.count), self._looks[-1])
        units = stock(seen.count, seen.lowest, seen.highest, self._region)
        message = ShelfCount(
            location=self._region.location,
            sku=self._region.sku,
            camera=frame.source_id,
            facings=units.facings,
            units=units.units,
            confidence=round(min(1.0, seen.agreement * shown.score), 4),
            units_low=units.units_low,
            units_high=units.units_high,
            capacity=self._region.capacity,
            frames=len(self.memory.counts),
            boxes=list(shown.boxes),
        )
        return Finding(message, urgent=False, evidence=shown.picture, model=model_id)
