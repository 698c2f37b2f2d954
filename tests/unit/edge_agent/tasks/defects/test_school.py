"""A station learns its part from rendered good ones on the shipped network, and refuses what teaches nothing."""

from datetime import UTC, datetime
from functools import lru_cache

import msgspec
import numpy as np
import pytest

from edge_agent.sample import Frame
from edge_agent.task import Context, SiteLesson
from edge_agent.tasks.defects.card import CARD
from edge_agent.tasks.defects.school import LEAST_PICTURES, LessonFile, School, SeenPart
from edge_agent.tasks.defects.settings import Settings
from edge_agent.tasks.defects.task import DefectsTask
from edge_agent.thumbnail import Pixels
from firmware_sim.render.lighting import Lighting
from firmware_sim.render.part_image import render_part
from firmware_sim.world.parts import BeltView, Defect, Part, draw_part
from tests.parts.bundles import WEIGHTS
from vision_models.errors import BundleRejected, TeachingRefused

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
DENT = Defect("dent", 0.1, 0.1, 0.16, 0.3, 1.0, 7)


def pictured(serial: int, defect: Defect | None = None) -> Pixels:
    """A part at rest (480, 640, 3)."""
    drawn = draw_part(5, serial, 0.0)
    part = Part(drawn.serial, defect, drawn.offset_x_px, drawn.offset_y_px, drawn.angle_deg, drawn.grain)
    return render_part(BeltView("resting", part, 0.0, 3.3), Lighting(), np.random.default_rng(serial)).frame


def station(lesson: SiteLesson | None = None) -> DefectsTask:
    """The task of cam-4 on the shipped model, each picture a part."""
    task = CARD.build(Settings(gate="every_frame"), Context("cam-4", WEIGHTS, lesson=lesson or SiteLesson()))
    assert isinstance(task, DefectsTask)
    return task


def school() -> School:
    """Where cam-4 learns."""
    found = station().school
    assert found is not None
    return found


@lru_cache(maxsize=1)
def good_parts() -> list[SeenPart]:
    """Of one kind."""
    lesson = school().lesson("aligned")
    return [school().seen(pictured(serial), lesson, f"good-{serial}") for serial in range(LEAST_PICTURES)]


@lru_cache(maxsize=1)
def content() -> bytes:
    """The lesson of these parts."""
    return school().taught(good_parts(), school().lesson("aligned"), leaves_out=False, at=AT)


def findings(task: DefectsTask, pixels: Pixels) -> list[tuple[str, str | None]]:
    """Verdict and model of each part that was told."""
    found = task.observe(Frame("cam-4", AT, 0, "ntp", pixels))
    return [(msgspec.to_builtins(one.data)["verdict"], one.model) for one in found]


def test_a_taught_station_passes_good_parts_and_fails_a_flawed_one() -> None:
    """On parts that it was not taught; the verdict says on which teaching it rests."""
    task = station(SiteLesson(content()))
    assert [findings(task, pictured(serial)) for serial in (101, 102, 103)] == [[], [], []]
    ((verdict, model),) = findings(task, pictured(104, DENT))
    assert (verdict, task.trouble) == ("fail", None)
    assert task.teaching is not None
    assert (task.teaching.count, len(set(task.teaching.pictures))) == (LEAST_PICTURES, LEAST_PICTURES)
    assert model == f"{station().model}+taught:{LEAST_PICTURES}:{task.teaching.lesson}"


def test_a_flawed_part_among_the_pictures_is_named() -> None:
    """Nothing is learnt, unless the person says that such are to be left out."""
    lesson = school().lesson("aligned")
    spoiled = [*good_parts(), school().seen(pictured(50, DENT), lesson, "08:15:30 UTC")]
    with pytest.raises(TeachingRefused, match="unlike the others: 08:15:30 UTC"):
        school().taught(spoiled, lesson, leaves_out=False, at=AT)
    _, teaching = school().detector(school().taught(spoiled, lesson, leaves_out=True, at=AT))
    assert (teaching.count, teaching.left_out) == (len(good_parts()), 1)


def test_copies_of_a_picture_do_not_count() -> None:
    """A frozen camera teaches nothing."""
    few = good_parts()[: LEAST_PICTURES - 1]
    with pytest.raises(TeachingRefused, match=f"{LEAST_PICTURES - 1} different pictures; .* from 20 to 50"):
        school().taught([*few, *few], school().lesson("aligned"), leaves_out=False, at=AT)


def test_the_lesson_of_another_network_is_refused_by_name() -> None:
    """The model's own statistics count, and health is told why."""
    other = msgspec.structs.replace(msgspec.msgpack.decode(content(), type=LessonFile), backbone="0" * 64)
    task = station(SiteLesson(msgspec.msgpack.encode(other)))
    assert (task.model, task.teaching) == (station().model, None)
    assert "lesson of cam-4: taught on another network than defects-" in (task.trouble or "")


@pytest.mark.parametrize("damage", [b"", b"\x00" * 40, b"{}"])
def test_a_damaged_lesson_is_refused(damage: bytes) -> None:
    """The task starts all the same."""
    with pytest.raises(BundleRejected, match="lesson of cam-4"):
        school().detector(damage)
    assert station(SiteLesson(damage)).teaching is None


def test_what_holds_no_measure_is_refused() -> None:
    """NaN in the statistics or in a limit never judges a part."""
    file = msgspec.msgpack.decode(content(), type=LessonFile)
    limits = type(file.verdicts)(**{**vars(file.verdicts), "score_limit": float("nan")})
    with pytest.raises(BundleRejected, match="no measure"):
        school().detector(msgspec.msgpack.encode(msgspec.structs.replace(file, verdicts=limits)))
    spoiled = [SeenPart(part.name, part.sha256, part.features * np.float32("nan")) for part in good_parts()]
    with pytest.raises(TeachingRefused, match=r"good-0, .* no measure"):
        school().taught(spoiled, school().lesson("aligned"), leaves_out=False, at=AT)
