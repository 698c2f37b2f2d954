"""One shelf of a camera: looks, remembers a few of them, tells a count with a picture that shows it."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from msgspec import Struct

from edge_agent.sample import Frame
from edge_agent.task import Finding, Picture
from edge_agent.tasks.shelf_count.disturbance import is_disturbed
from edge_agent.tasks.shelf_count.fitting import Fit, fitted, gaps, mismatch, misplaced
from edge_agent.tasks.shelf_count.names import Identify, Names
from edge_agent.tasks.shelf_count.planogram import Box, fractions, stock
from edge_agent.tasks.shelf_count.settings import Region, Settings
from edge_agent.tasks.shelf_count.smoothing import is_worth_telling, smoothed
from edge_agent.tasks.shelf_count.state import URGENT, settled, state_of
from edge_agent.thumbnail import Cells, Pixels, coarse, cut, jpeg, largest_change, shown
from protocols.messages.shelf_count import Mismatch, Misplaced, ShelfCount, ShelfState
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
    """What a shelf's next count rests on. `told`: the count last told, `since_told_s` ago; with it `told_units` and
    `told_state`. `states`: what each of the last looks showed; `state`: what they agreed on."""

    location: str
    sku: str
    counts: list[int] = []
    told: int | None = None
    since_told_s: float = 0.0
    states: list[ShelfState] = []
    state: ShelfState = "ok"
    told_units: int | None = None
    told_state: ShelfState = "ok"


@dataclass(frozen=True)
class Look:
    """What was seen in one crop, and the picture that shows it. `score`: mean of the detections', 1 for none."""

    scene: Cells
    boxes: tuple[Box, ...]
    count: int
    score: float
    picture: Picture
    gaps: list[Box]
    misplaced: list[Misplaced]
    mismatch: Mismatch | None


class RegionWatch:
    """Looks at one region of each frame. While nothing moves in it, what was seen `frames` times is not looked at again."""

    def __init__(self, region: Region, settings: Settings, identify: Identify | None = None) -> None:
        self._names = Names(identify)
        self._scene: Cells | None = None
        self._confirm = settings.confirm
        self.memory = RegionMemory(location=region.location, sku=region.sku)
        self._region = region
        self._tells_every_look = not settings.regions
        self._frames = 1 if self._tells_every_look else settings.frames
        self._interval_s = settings.interval_s
        self._looks: list[Look] = []
        self._alike = 0

    def look(self, frame: Frame, detector: Detector, elapsed_s: float) -> Finding | None:
        """The count, when it is time to tell one; a look at people in front of the shelf is none. Raises PictureUnusable."""
        memory, crop = self.memory, cut(frame.pixels, self._region.roi)
        memory.since_told_s += elapsed_s
        scene, before = coarse(crop), self._scene
        self._scene = scene
        if not self._tells_every_look and is_disturbed(frame.veil, self._region.roi, scene, before):
            return None
        latest = self._latest(frame, crop, scene, detector)
        self._looks = [*self._looks, latest][-self._frames :]
        memory.counts = [*memory.counts, latest.count][-self._frames :]
        self._note_state(latest)
        if not (self._tells_every_look or self._is_time()):
            return None
        return self._told(self._finding(frame, detector.model_id))

    def recount(self) -> None:
        """Forget what was seen and told: the next count rests on fresh looks alone, and is told whatever it is."""
        self.memory = RegionMemory(location=self.memory.location, sku=self.memory.sku)
        self._looks, self._alike, self._scene = [], 0, None

    def _is_time(self) -> bool:
        memory, count = self.memory, smoothed(self.memory.counts).count
        is_news = memory.told is not None and memory.state != memory.told_state
        return is_news or is_worth_telling(
            len(memory.counts), self._frames, count, memory.told, memory.since_told_s, self._interval_s
        )

    def _note_state(self, look: Look) -> None:
        """What the look shows of the shelf's state, and what the last looks agree on."""
        if self._tells_every_look:
            return
        units, memory = stock(look.count, look.count, look.count, self._region), self.memory
        memory.states = [*memory.states, state_of(units, look.mismatch is not None, self._region)][-self._confirm :]
        memory.state = settled(memory.states, memory.state, self._confirm)

    def _told(self, finding: Finding) -> Finding:
        """The finding, remembered as told."""
        memory = self.memory
        if isinstance(finding.data, ShelfCount):
            memory.told_units = finding.data.units
        memory.told, memory.since_told_s, memory.told_state = smoothed(memory.counts).count, 0.0, memory.state
        return finding

    def _latest(self, frame: Frame, crop: Pixels, scene: Cells, detector: Detector) -> Look:
        """A fresh look, or the last one when the scene has been the same for long enough."""
        is_same = bool(self._looks) and largest_change(scene, self._looks[-1].scene) < SAME_SCENE
        self._alike = self._alike + 1 if is_same else 0
        if self._alike >= self._frames:
            return self._looks[-1]
        found = detector.detect(crop)
        boxes = fractions(found.boxes_px.tolist(), crop.shape[1], crop.shape[0])
        return self._against_planogram(
            Look(
                scene=scene,
                boxes=boxes,
                count=len(found),
                score=float(np.mean(found.scores)) if len(found) else 1.0,
                picture=jpeg(shown(frame, self._region.roi)),
                gaps=[],
                misplaced=[],
                mismatch=None,
            ),
            crop,
        )

    def _against_planogram(self, look: Look, crop: Pixels) -> Look:
        """The look with gaps and what stands wrong, where the shelf has a planogram."""
        facings, usual = self._region.facings, self._region.sku
        if not facings:
            return look
        named = self._names.of(crop, look.boxes)
        fit: Fit = fitted(look.boxes, facings)
        return replace(
            look,
            gaps=gaps(fit, facings),
            misplaced=misplaced(fit, facings, look.boxes, named, usual),
            mismatch=mismatch(fit, facings, named, usual),
        )

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
            state=self.memory.state,
            mismatch=shown.mismatch if self.memory.state == "mismatch" else None,
            change=None if self.memory.told_units is None else units.units - self.memory.told_units,
            gaps=shown.gaps,
            misplaced=shown.misplaced,
        )
        is_urgent = self.memory.state in URGENT and self.memory.state != self.memory.told_state
        return Finding(message, urgent=is_urgent, evidence=shown.picture, model=model_id)
