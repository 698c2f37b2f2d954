"""Makes what an agent works with from its configuration: sources, tasks and what is announced of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from threading import Event as Flag
from types import MappingProxyType

import msgspec
import structlog

import vision_models
from edge_agent.clock import DeviceClock, boot_id
from edge_agent.config import EdgeConfig, SourceConfig, TaskConfig
from edge_agent.errors import BadRecording, ConfigError, SnapshotRejected, TaskNotBuilt
from edge_agent.link.connection import Connection
from edge_agent.look_budget import LookBudget
from edge_agent.observer import Observer
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.queue import Queue
from edge_agent.outbox.snapshots import saved
from edge_agent.pipeline import Pipeline
from edge_agent.registry import SourcePlace, open_source, task_card
from edge_agent.releases.slots import Slots
from edge_agent.releases.stations import Stations
from edge_agent.self_test.choices import speeds
from edge_agent.sources.source import Source, Unplayable
from edge_agent.task import Context, ModelFolder, SiteLesson, Task, TaskCard
from protocols.codec import wire_time
from protocols.errors import BadProfile
from protocols.messages.device import Birth, TaskAnnouncement
from protocols.sensor_profiles.profile import Profile
from protocols.sensor_profiles.profile import load as load_profile

NOT_TAUGHT = SiteLesson()
WEIGHTS = Path(vision_models.__file__).parent / "weights"

_log = structlog.get_logger()


@dataclass(frozen=True)
class Replay:
    """One recording is played: `speed` in recorded seconds per second, None for as fast as possible."""

    speed: float | None


@dataclass(frozen=True)
class Workshop:
    """What every observer is made from."""

    config: EdgeConfig
    file: OutboxFile
    queue: Queue
    clock: DeviceClock
    connection: Connection
    stop: Flag
    replay: Replay | None

    @property
    def slots(self) -> Slots:
        """The models that the centre released."""
        return model_slots(self.config)

    def prove(self, tasks: Sequence[TaskConfig], kind: str, model: ModelFolder) -> None:
        """Build these tasks of a kind on a model and let them go. Raises TaskNotBuilt, also when there is none."""
        sources = {source.id: source for source in self.config.source}
        if not tasks:
            raise TaskNotBuilt(f"no task of kind {kind!r} is set up on this device; roll its models out where there is one")
        for task in tasks:
            self._built(task, sources[task.source], {}, model)

    def built(self, task: TaskConfig, source: Source) -> Task:
        """A task for a source that is at work, on the model that counts now. Raises ConfigError, TaskNotBuilt."""
        place = next(each for each in self.config.source if each.id == task.source)
        return self._built(task, place, source.units, self.slots.model(task.kind))

    def observer(self, source: SourceConfig) -> Observer:
        """The observer of one source with its tasks, restored to where they were."""
        opened = self._opened(source)
        wanted = [task for task in self.config.task if task.source == source.id]
        tasks = {task.kind: built for task in wanted if (built := self._task(task, source, opened)) is not None}
        interval_s = self.config.commit_interval_s
        committed, is_live = self.connection.nudge, self.replay is None
        pipeline = Pipeline(source.id, tasks, self.queue, self.clock, interval_s, committed, keeps_state=is_live)
        for task in wanted if is_live else ():
            pipeline.grant(task.kind, LookBudget(task.budget_cpu_ms))
        pipeline.counts.task_errors += len(wanted) - len(tasks)
        return Observer(source.id, opened, pipeline, self.stop)

    def _built(self, task: TaskConfig, source: SourceConfig, units: Mapping[str, str], released: ModelFolder | None) -> Task:
        lesson = stations(self.config).lesson(source.id)
        return built_task(task, source, units, released, speeds(self.config.data_dir), lesson)

    def _opened(self, source: SourceConfig) -> Source:
        try:
            opened = open_source(source_place(source, 1.0 if self.replay is None else self.replay.speed), self.clock)
            return self._watched(self._veiled(opened), source) if source.kind == "camera" else opened
        except BadRecording as error:
            if self.replay is not None:
                raise
            _log.error("source_not_opened", source=source.id, why=str(error))
            return Unplayable(error)

    def _watched(self, camera: Source, source: SourceConfig) -> Source:
        """Frozen and moved are states of a live camera; its trigger says which of its frames are looked at."""
        from edge_agent.sources.triggers import FrameGate  # noqa: PLC0415  OpenCV only where a camera is read
        from edge_agent.sources.viewpoint import Viewpoint  # noqa: PLC0415
        from edge_agent.sources.watched import WatchedCamera  # noqa: PLC0415

        view = Viewpoint(source.id, self.config.data_dir / "views" / f"{source.id}.png")
        return WatchedCamera(camera, FrameGate(source.trigger), view)

    def _veiled(self, camera: Source) -> Source:
        """Only live cameras see people walk past: pictures of a recording have nothing to do with one another."""
        from edge_agent.privacy.background import BackgroundModel  # noqa: PLC0415  OpenCV only where a camera is read
        from edge_agent.sources.veiled import VeiledCamera  # noqa: PLC0415

        return VeiledCamera(camera, BackgroundModel(self.config.privacy))

    def _task(self, task: TaskConfig, source: SourceConfig, opened: Source) -> Task | None:
        """The task, restored to where it was; one that cannot start does not keep the others from working."""
        try:
            built = self._built(task, source, opened.units, self.slots.model(task.kind))
        except TaskNotBuilt as error:
            if self.replay is not None:
                raise
            if self.slots.give_up(task.kind, str(error)):
                return self._task(task, source, opened)
            _log.error("task_not_started", source=source.id, task=task.kind, why=str(error))
            return None
        if self.replay is None:
            _restore(f"{source.id}/{task.kind}", built, self.file)
        return built


def model_slots(config: EdgeConfig) -> Slots:
    """Where the models lie that the centre released."""
    return Slots(config.data_dir / "models", config.release_keys)


def stations(config: EdgeConfig) -> Stations:
    """Where what was taught on this device lies."""
    return Stations(config.data_dir / "stations")


def model_folders(config: EdgeConfig) -> list[ModelFolder]:
    """The bundles that this device's tasks run, each once. Raises ConfigError, UnknownTask."""
    slots, found = model_slots(config), dict[Path, ModelFolder]()
    for task in config.task:
        name = getattr(_settings(task, task_card(task.kind)), "model", None)
        if name is not None:
            folder = Context(task.source, WEIGHTS, released=slots.model(task.kind)).model(name)
            found[folder.folder] = folder
    return list(found.values())


def built_task(
    task: TaskConfig,
    source: SourceConfig,
    units: Mapping[str, str],
    released: ModelFolder | None,
    fastest: Mapping[Path, tuple[str, int]] = MappingProxyType({}),
    lesson: SiteLesson = NOT_TAUGHT,
) -> Task:
    """The task with its settings checked and its model loaded. Raises ConfigError, UnknownTask, TaskNotBuilt."""
    card = task_card(task.kind)
    context = Context(source.id, WEIGHTS, _profile(source), units, released, fastest, lesson)
    settings = _settings(task, card)
    try:
        return card.build(settings, context)
    except Exception as error:  # a model that is missing, damaged or refused says so in its own words
        raise TaskNotBuilt(f"task {task.kind!r} on {task.source!r} cannot start: {error}") from error


def check_settings(task: TaskConfig) -> None:
    """Hold a task's settings against its model. Raises ConfigError, UnknownTask."""
    settings_of(task)


def settings_of(task: TaskConfig) -> msgspec.Struct:
    """A task's settings in the form of its kind. Raises ConfigError, UnknownTask."""
    return _settings(task, task_card(task.kind))


def check_parts(config: EdgeConfig) -> None:
    """Look at what sources and tasks ask for, without connecting or loading a model.

    Raises ConfigError, UnknownTask, BadRecording.
    """
    for source in config.source:
        open_source(source_place(source, None), DeviceClock(boot_id())).close()
        _profile(source)
    for task in config.task:
        check_settings(task)


def _profile(source: SourceConfig) -> Profile | None:
    try:
        return load_profile(source.profile) if source.profile else None
    except BadProfile as error:
        raise ConfigError(f"[[source]] {source.id!r}: profile: {error}") from error


def _settings(task: TaskConfig, card: TaskCard) -> msgspec.Struct:
    try:
        return msgspec.convert(task.settings, card.settings)
    except msgspec.ValidationError as error:
        schema = ", ".join(card.settings.__struct_fields__)
        raise ConfigError(f"task {task.kind!r} on {task.source!r}: {error}; its settings are: {schema}") from error


def _restore(name: str, task: Task, file: OutboxFile) -> None:
    state = saved(file, name)
    if state is None:
        return
    try:
        task.restore(state)
    except SnapshotRejected as error:
        _log.warning("snapshot_rejected", task=name, why=str(error), remedy="the task starts anew")


def source_place(source: SourceConfig, speed: float | None) -> SourcePlace:
    """The source's part of the configuration, as the registry wants it."""
    return SourcePlace(
        **{name: getattr(source, name) for name in source.__struct_fields__ if name != "trigger"}, speed=speed
    )


def birth(
    config: EdgeConfig, clock: DeviceClock, observers: Sequence[Observer], actions: Mapping[str, Sequence[str]]
) -> Birth:
    """What is said of this agent as soon as it is connected. actions: what it can do → what that can be about."""
    models = {observer.source_id: observer.pipeline.models() for observer in observers}
    tasks = [_announcement(task, models[task.source].get(task.kind)) for task in config.task]
    privacy = msgspec.to_builtins(config.privacy)
    now = clock.now()
    return Birth(
        boot=clock.boot,
        started_at=wire_time(now.at),
        monotonic_ms=now.monotonic_ms,
        clock=now.clock,
        version=version("tallyhouse"),
        tasks=tasks,
        privacy=privacy,
        actions={action: list(targets) for action, targets in actions.items()},
    )


def _announcement(task: TaskConfig, model: str | None) -> TaskAnnouncement:
    """What is said of a task; one that did not start has no model."""
    schema = msgspec.json.schema(task_card(task.kind).settings)
    return TaskAnnouncement(kind=task.kind, source=task.source, settings=task.settings, settings_schema=schema, model=model)
