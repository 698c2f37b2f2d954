"""Builds the parts of an agent from its configuration; starts, watches and stops the threads.

Threads: one for each source, one publisher, and the caller's as supervisor, which speaks health.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import msgspec
import structlog

import vision_models
from edge_agent.clock import DeviceClock, boot_id
from edge_agent.config import EdgeConfig, SourceConfig, TaskConfig, broker_password, centre_key, signing_key
from edge_agent.errors import BadRecording, ConfigError, SnapshotRejected, TaskNotBuilt
from edge_agent.health import HealthReport
from edge_agent.link.connection import BrokerPlace, Connection
from edge_agent.link.inbox import Inbox
from edge_agent.link.publisher import Publisher
from edge_agent.link.uploader import Uploader
from edge_agent.observer import Observer
from edge_agent.outbox.database import OUTBOX_NAME, OutboxFile
from edge_agent.outbox.entry import Stamper
from edge_agent.outbox.evidence import EvidenceSpool
from edge_agent.outbox.queue import Queue
from edge_agent.outbox.recovery import open_outbox
from edge_agent.outbox.snapshots import saved
from edge_agent.pipeline import Pipeline
from edge_agent.registry import SourcePlace, open_source, task_card
from edge_agent.sources.source import Source, Unplayable
from edge_agent.task import Context, Task, TaskCard
from protocols.codec import encode, wire_time
from protocols.errors import BadProfile
from protocols.messages.device import Birth, TaskAnnouncement, Will
from protocols.sensor_profiles.profile import Profile
from protocols.sensor_profiles.profile import load as load_profile

WATCH_INTERVAL_S = 0.2
STOP_TIMEOUT_S = 5.0
LINGER_S = 2.0
LOOK_S = 0.02
WEIGHTS = Path(vision_models.__file__).parent / "weights"

_log = structlog.get_logger()


@dataclass(frozen=True)
class Replay:
    """One recording is played: `speed` in recorded seconds per second, None for as fast as possible."""

    speed: float | None


@dataclass(frozen=True)
class Agent:
    """The parts of a running agent."""

    config: EdgeConfig
    clock: DeviceClock
    queue: Queue
    spool: EvidenceSpool
    connection: Connection
    publisher: Publisher
    observers: Sequence[Observer]
    health: HealthReport
    stop: Flag
    leave: Flag = field(default_factory=Flag)
    _threads: list[Thread] = field(default_factory=list)

    def start(self) -> None:
        """Connect and begin to observe."""
        self.connection.start()
        self._threads.append(_started("publisher", lambda: self.publisher.run(self.leave)))
        for observer in self.observers:
            self._threads.append(_started(f"source {observer.source_id}", observer.run))
        _log.info("started", device=self.config.device, site=self.config.site, sources=[o.source_id for o in self.observers])

    def supervise(self, is_done: Callable[[], bool]) -> bool:
        """Speak health until `stop` is set or `is_done`; False when a thread has failed."""
        spoken_s = float("-inf")
        while not self.stop.wait(WATCH_INTERVAL_S) and not is_done():
            if not self._are_well():
                return False
            if time.monotonic() - spoken_s >= self.config.health_interval_s and self.publisher.state.connected:
                spoken_s = time.monotonic()
                self.connection.publish("health", encode(self.health.now(self.publisher.alarm())))
        return True

    def shut(self) -> None:
        """Stop observing, commit, send what can be sent within a moment, say that this was meant."""
        self.stop.set()
        publisher, *observers = self._threads
        deadline_s = time.monotonic() + STOP_TIMEOUT_S
        for thread in observers:
            thread.join(timeout=max(0.0, deadline_s - time.monotonic()))
        self._linger()
        self.leave.set()
        self.connection.nudge()
        publisher.join(timeout=STOP_TIMEOUT_S)
        self.connection.stop(encode(Will(boot=self.clock.boot, reason="stopped")))
        self.queue.prune()
        _log.info("stopped", outbox=self.queue.state().count)

    def _linger(self) -> None:
        deadline_s = time.monotonic() + LINGER_S
        while self.publisher.state.centre_online and self.queue.has_waiting() and time.monotonic() < deadline_s:
            time.sleep(LOOK_S)

    def _are_well(self) -> bool:
        publisher, *observers = self._threads
        pairs = zip(self.observers, observers, strict=True)
        return publisher.is_alive() and all(t.is_alive() or o.state.state == "ended" for o, t in pairs)

    def is_drained(self) -> bool:
        """Whether every source has ended and the centre has everything."""
        are_over = not any(thread.is_alive() for thread in self._threads[1:])
        have_ended = all(observer.state.state == "ended" for observer in self.observers)
        return are_over and have_ended and not self.queue.has_waiting() and self.spool.count() == 0


def build(config: EdgeConfig, stack: ExitStack, stop: Flag, replay: Replay | None = None) -> Agent:
    """An agent ready to start; `stack` closes its file. Raises ConfigError, UnknownTask, OutboxError.

    In a `replay` the recording and its task must be well (else BadRecording, TaskNotBuilt), and no state is restored.
    """
    clock = DeviceClock(boot_id())
    key, centre = signing_key(config), centre_key(config)
    file = open_outbox(config.data_dir / OUTBOX_NAME, Stamper(clock))
    stack.callback(file.close)
    queue, spool = Queue(file), EvidenceSpool(file)
    will = encode(Will(boot=clock.boot, reason="connection_lost"))
    connection = Connection(config.site, config.device, broker_place(config), key, will)
    inbox = Inbox(config.site, config.device, centre)
    uploader = Uploader(config.device, spool, connection)
    workshop = _Workshop(config, file, queue, clock, connection, stop, replay)
    observers = [workshop.observer(source) for source in config.source]
    publisher = Publisher(connection, queue, uploader, inbox, clock, encode(_birth(config, clock, observers)))
    health = HealthReport(config.data_dir, clock, queue, observers)
    return Agent(config, clock, queue, spool, connection, publisher, observers, health, stop)


@dataclass(frozen=True)
class _Workshop:
    """What every observer is made from."""

    config: EdgeConfig
    file: OutboxFile
    queue: Queue
    clock: DeviceClock
    connection: Connection
    stop: Flag
    replay: Replay | None

    def observer(self, source: SourceConfig) -> Observer:
        """The observer of one source with its tasks, restored to where they were."""
        opened = self._opened(source)
        wanted = [task for task in self.config.task if task.source == source.id]
        tasks = {task.kind: built for task in wanted if (built := self._task(task, source, opened)) is not None}
        interval_s = self.config.commit_interval_s
        committed, is_live = self.connection.nudge, self.replay is None
        pipeline = Pipeline(source.id, tasks, self.queue, self.clock, interval_s, committed, keeps_state=is_live)
        pipeline.counts.task_errors += len(wanted) - len(tasks)
        return Observer(source.id, opened, pipeline, self.stop)

    def _opened(self, source: SourceConfig) -> Source:
        try:
            return open_source(source_place(source, 1.0 if self.replay is None else self.replay.speed), self.clock)
        except BadRecording as error:
            if self.replay is not None:
                raise
            _log.error("source_not_opened", source=source.id, why=str(error))
            return Unplayable(error)

    def _task(self, task: TaskConfig, source: SourceConfig, opened: Source) -> Task | None:
        """The task, restored to where it was; one that cannot start does not keep the others from working."""
        try:
            built = built_task(task, source, opened)
        except TaskNotBuilt as error:
            if self.replay is not None:
                raise
            _log.error("task_not_started", source=source.id, task=task.kind, why=str(error))
            return None
        if self.replay is None:
            _restore(f"{source.id}/{task.kind}", built, self.file)
        return built


def built_task(task: TaskConfig, source: SourceConfig, opened: Source) -> Task:
    """The task with its settings checked and its model loaded. Raises ConfigError, UnknownTask, TaskNotBuilt."""
    card = task_card(task.kind)
    context = Context(source_id=source.id, weights=WEIGHTS, profile=_profile(source), units=opened.units)
    settings = _settings(task, card)
    try:
        return card.build(settings, context)
    except Exception as error:  # a model that is missing, damaged or refused says so in its own words
        raise TaskNotBuilt(f"task {task.kind!r} on {task.source!r} cannot start: {error}") from error


def check_parts(config: EdgeConfig) -> None:
    """Look at what sources and tasks ask for, without connecting or loading a model.

    Raises ConfigError, UnknownTask, BadRecording.
    """
    for source in config.source:
        open_source(source_place(source, None), DeviceClock(boot_id())).close()
        _profile(source)
    for task in config.task:
        _settings(task, task_card(task.kind))


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
    return SourcePlace(**{name: getattr(source, name) for name in source.__struct_fields__}, speed=speed)


def broker_place(config: EdgeConfig) -> BrokerPlace:
    """Where the broker is and how to sign in. Raises ConfigError."""
    broker, user = config.broker, config.broker.username or config.device
    return BrokerPlace(broker.host, broker.port, user, broker_password(config), broker.keepalive_s)


def _birth(config: EdgeConfig, clock: DeviceClock, observers: Sequence[Observer]) -> Birth:
    models = {observer.source_id: observer.pipeline.models() for observer in observers}
    tasks = [_announcement(task, models[task.source].get(task.kind)) for task in config.task]
    return Birth(boot=clock.boot, started_at=wire_time(clock.now().at), version=version("tallyhouse"), tasks=tasks)


def _announcement(task: TaskConfig, model: str | None) -> TaskAnnouncement:
    """What is said of a task; one that did not start has no model."""
    schema = msgspec.json.schema(task_card(task.kind).settings)
    return TaskAnnouncement(kind=task.kind, source=task.source, settings=task.settings, settings_schema=schema, model=model)


def _started(name: str, work: Callable[[], None]) -> Thread:
    def run() -> None:
        try:
            work()
        except Exception:
            _log.exception("thread_failed", thread=name)

    thread = Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread
