"""Teaches a station at the device itself, from a folder of pictures or from its camera, without the centre."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from edge_agent.clock import DeviceClock, boot_id
from edge_agent.commands.teach import KIND, be_gentle
from edge_agent.config import EdgeConfig, SourceConfig, TaskConfig
from edge_agent.errors import CommandFailed, ConfigError, SampleRefused
from edge_agent.outbox.database import OUTBOX_NAME
from edge_agent.registry import open_source
from edge_agent.sample import Frame
from edge_agent.self_test.choices import speeds
from edge_agent.sources.replay_pictures import named_pictures
from edge_agent.tasks.defects.school import Lies, School, SeenPart
from edge_agent.tasks.defects.settings import Settings
from edge_agent.tasks.defects.task import DefectsTask
from edge_agent.thumbnail import cut
from edge_agent.twin import applied_at, with_applied
from edge_agent.workshop import built_task, model_slots, settings_of, source_place, stations
from protocols.messages.device import Teaching
from vision_models.errors import PictureUnusable, TeachingRefused

READ_S = 0.5
PATIENCE_S = 3600.0
Told = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """A lesson for a station. pictures: the folder of them; None: the next `count` parts that its camera sees."""

    station: str
    lies: Lies
    leaves_out: bool
    pictures: Path | None
    count: int


def wanted(station: str, pictures: Path | None, count: int | None, lies: str, leaves_out: bool) -> Wanted:
    """What was asked for in words. Raises ConfigError."""
    if (pictures is None) == (count is None):
        raise ConfigError("say what to learn from: --pictures FOLDER, or --count for the next parts that the camera sees")
    if lies not in get_args(Lies):
        raise ConfigError(f"--lies {lies}: choose among {', '.join(get_args(Lies))}")
    return Wanted(station, cast(Lies, lies), leaves_out, pictures, count or 0)


def taught_here(own: EdgeConfig, lesson: Wanted, tell: Told) -> Teaching:
    """Teach a station, and keep that. Raises ConfigError, CommandFailed that says what is wrong with the pictures."""
    clock = DeviceClock(boot_id())
    config = with_applied(own, applied_at(own.data_dir / OUTBOX_NAME))
    task, source = _set_up(config, lesson.station)
    inspector = _inspector(config, task, source)
    school = inspector.school
    if school is None:
        raise CommandFailed(f"what inspects at {source.id} cannot be taught")
    be_gentle()
    try:
        if lesson.pictures is not None:
            parts = _of_folder(lesson.pictures, school, lesson.lies, _settings(task))
        else:
            parts = _of_camera(source, inspector, school, lesson, tell)
        tell(f"{len(parts)} parts seen; learning")
        content = school.taught(parts, school.lesson(lesson.lies), lesson.leaves_out, clock.now().at)
    except (TeachingRefused, PictureUnusable) as error:
        raise CommandFailed(f"{source.id} has learnt nothing: {error}") from error
    try:
        stations(config).keep(source.id, content)
    except OSError as error:
        raise CommandFailed(f"{config.data_dir}: the lesson cannot be kept ({error.strerror}); make room") from error
    return school.detector(content)[1]


def forgotten(config: EdgeConfig, station: str) -> bool:
    """The model's own statistics count again at a station; whether it was taught. Raises ConfigError."""
    _set_up(config, station)
    return stations(config).forget(station)


def _set_up(config: EdgeConfig, station: str) -> tuple[TaskConfig, SourceConfig]:
    inspecting = {task.source: task for task in config.task if task.kind == KIND}
    if station not in inspecting:
        raise ConfigError(f"no task of kind {KIND!r} on {station!r}; there is one on: {', '.join(inspecting) or 'none'}")
    return inspecting[station], next(source for source in config.source if source.id == station)


def _settings(task: TaskConfig) -> Settings:
    settings = settings_of(task)
    if not isinstance(settings, Settings):
        raise ConfigError(f"task {task.kind!r} on {task.source!r} does not inspect parts")
    return settings


def _inspector(config: EdgeConfig, task: TaskConfig, source: SourceConfig) -> DefectsTask:
    """A task of its own on the model that counts here."""
    built = built_task(task, source, {}, model_slots(config).model(task.kind), speeds(config.data_dir))
    if not isinstance(built, DefectsTask):
        raise ConfigError(f"task {task.kind!r} on {task.source!r} does not inspect parts")
    return built


def _of_folder(folder: Path, school: School, lies: Lies, settings: Settings) -> Sequence[SeenPart]:
    """The part in each picture of a folder, by name. Raises BadRecording, PictureUnusable that names the file."""
    lesson, parts = school.lesson(lies), []
    for name, pixels in named_pictures(school.station, folder):
        try:
            parts.append(school.seen(cut(pixels, settings.roi), lesson, name))
        except PictureUnusable as error:
            raise PictureUnusable(f"{name}: {error}") from error
    return parts


def _of_camera(
    source: SourceConfig, inspector: DefectsTask, school: School, wanted: Wanted, tell: Told
) -> Sequence[SeenPart]:
    """The next parts that come to rest. Raises SourceLost, CommandFailed when they do not come within an hour."""
    lesson, parts = school.lesson(wanted.lies), dict[str, SeenPart]()

    def keep(part: SeenPart) -> None:
        if part.sha256 not in parts:
            parts[part.sha256] = part
            tell(f"{len(parts)} of {wanted.count}: {part.name}")

    inspector.show_parts_to(lambda crop, at: keep(school.seen(crop, lesson, f"{at:%H:%M:%S} UTC")))
    with closing(open_source(source_place(source, 1.0), DeviceClock(boot_id()))) as camera:
        ends_s = time.monotonic() + PATIENCE_S
        while len(parts) < wanted.count:
            if time.monotonic() > ends_s:
                raise CommandFailed(f"{len(parts)} of {wanted.count} parts came within {PATIENCE_S:g} s")
            sample = camera.read(READ_S)
            if isinstance(sample, Frame):
                _shown(inspector, sample)
    return list(parts.values())


def _shown(inspector: DefectsTask, frame: Frame) -> None:
    try:
        inspector.observe(frame)
    except SampleRefused:
        return
