"""What a station learns from its own good parts, and how that stands in for the statistics that came with the model.

A lesson is one file: how good parts look (`Normality`), where the limits are, of which network's features, and the hashes of
the pictures. It is used only with the very network and input that it was taught on.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from edge_agent.task import TAUGHT_MARK
from edge_agent.thumbnail import Pixels
from protocols.codec import wire_time
from protocols.messages.device import Teaching
from vision_models.errors import BundleRejected, TeachingRefused
from vision_models.inference.arrays import Floats
from vision_models.inference.defects import DefectDetector, Verdicts
from vision_models.inference.manifest import InputSpec
from vision_models.inference.normality import load_normality, normality_bytes
from vision_models.inference.teaching import Lesson, Taught, features_of, taught_from

LEAST_PICTURES, MOST_PICTURES = 20, 50
FORM = 1
Lies = Literal["aligned", "placed", "anyhow"]
_HASH_CHARACTERS = 12


class LessonFile(msgspec.Struct, frozen=True):
    """A lesson as it lies on disk (MessagePack). backbone: SHA-256 of the network; normality: the file of a `Normality`."""

    form: int
    backbone: str
    input: InputSpec
    verdicts: Verdicts
    teaching: Teaching
    normality: bytes


@dataclass(frozen=True)
class Shipped:
    """The inspection model of a bundle, and SHA-256 of the network that it runs."""

    detector: DefectDetector
    backbone: str


@dataclass(frozen=True)
class SeenPart:
    """One part of a lesson: its name for people, SHA-256 of its pixels, and the network's features (h, w, c) of it."""

    name: str
    sha256: str
    features: Floats


@dataclass(frozen=True)
class School:
    """Teaches one station on the network of its bundle."""

    station: str
    shipped: Shipped
    false_alarm_rate: float

    def lesson(self, lies: Lies) -> Lesson:
        """How it is taught. aligned: the part is found and laid upright; placed: it always lies at the same place of the
        region; anyhow: it lies as it likes."""
        kind: Literal["places", "memory"] = "memory" if lies == "anyhow" else "places"
        return Lesson(self.shipped.detector.input, lies == "aligned", kind, self.false_alarm_rate)

    def seen(self, crop: Pixels, lesson: Lesson, name: str) -> SeenPart:
        """A part in a picture (h, w, 3) of the region. Raises PictureUnusable."""
        features = features_of(self.shipped.detector.graph, crop, lesson)
        return SeenPart(name, hashlib.sha256(np.ascontiguousarray(crop).tobytes()).hexdigest(), features)

    def taught(self, parts: Sequence[SeenPart], lesson: Lesson, leaves_out: bool, at: datetime) -> bytes:
        """The lesson of these parts, tried before it is given. leaves_out: teach without those unlike the others, rather
        than refuse. Raises TeachingRefused that names them."""
        kept = _without_twins(parts)
        refuse_few(len(kept))
        if blank := [part.name for part in kept if not np.isfinite(part.features).all()]:
            raise TeachingRefused(f"what the network says of {', '.join(blank)} is no measure (NaN); take them out")
        learnt = taught_from(np.stack([part.features for part in kept]), lesson)
        strange = [kept[index].name for index in learnt.suspects]
        if strange and not leaves_out:
            raise TeachingRefused(f"unlike the others: {', '.join(strange)}; look at them, take out what is not good")
        if strange:
            kept = [part for index, part in enumerate(kept) if index not in learnt.suspects]
            learnt = taught_from(np.stack([part.features for part in kept]), lesson)
        content = self._file(learnt, kept, len(strange), at)
        try:
            self.detector(content)
        except BundleRejected as error:
            raise TeachingRefused(f"nothing can be learnt from these pictures: {error}") from error
        return content

    def detector(self, content: bytes) -> tuple[DefectDetector, Teaching]:
        """The bundle's detector with what is in a lesson. Raises BundleRejected for one that is damaged or does not fit."""
        origin = Path(f"lesson of {self.station}")
        try:
            file = msgspec.msgpack.decode(content, type=LessonFile)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise BundleRejected(f"{origin}: {error}; teach it again") from error
        own = self.shipped.detector
        if file.form != FORM or file.backbone != self.shipped.backbone or file.input != own.input:
            raise BundleRejected(f"{origin}: taught on another network than {own.model_id} runs; teach it again")
        limits = (file.verdicts.score_limit, file.verdicts.place_limit)
        if not all(np.isfinite(limit) and limit > 0 for limit in limits):
            raise BundleRejected(f"{origin}: its limits are no measure ({limits}); teach it again")
        taught = replace(
            own,
            model_id=f"{own.model_id}{TAUGHT_MARK}{file.teaching.count}:{file.teaching.lesson}",
            normality=load_normality(file.normality, origin),
            verdicts=file.verdicts,
        )
        return taught, file.teaching

    def _file(self, learnt: Taught, parts: Sequence[SeenPart], left_out: int, at: datetime) -> bytes:
        normality = normality_bytes(replace(learnt.normality, backbone=self.shipped.backbone))
        teaching = Teaching(
            lesson=hashlib.sha256(normality).hexdigest()[:_HASH_CHARACTERS],
            at=wire_time(at),
            count=len(parts),
            pictures=[part.sha256[:_HASH_CHARACTERS] for part in parts],
            left_out=left_out,
        )
        file = LessonFile(FORM, self.shipped.backbone, self.shipped.detector.input, learnt.verdicts, teaching, normality)
        return msgspec.msgpack.encode(file)


def refuse_few(count: int) -> None:
    """Raises TeachingRefused unless so many pictures may teach a station."""
    if not LEAST_PICTURES <= count <= MOST_PICTURES:
        raise TeachingRefused(f"{count} different pictures; a station learns from {LEAST_PICTURES} to {MOST_PICTURES}")


def _without_twins(parts: Sequence[SeenPart]) -> list[SeenPart]:
    """Each picture once: a second copy teaches nothing and makes the limit too sure of itself."""
    return list({part.sha256: part for part in reversed(parts)}.values())[::-1]
