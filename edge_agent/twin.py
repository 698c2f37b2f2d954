"""Applies the desired twin while the agent runs, keeps what was applied, and reports it. One thread does the work.

A task whose settings change is built beside the old one and put in its place between two samples: sampling goes on, and
what cannot be built changes nothing. What was applied lies in the outbox file: a restart without the centre keeps it.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event as Flag
from threading import RLock
from typing import Any, Protocol

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from edge_agent.config import EdgeConfig, TaskConfig
from edge_agent.errors import ConfigError, EdgeError, OutboxError, SourceBusy, TaskNotBuilt
from edge_agent.link.states import reported_payload
from edge_agent.observer import Observer
from edge_agent.outbox.database import OutboxFile, open_read_only
from edge_agent.outbox.snapshots import read, save, saved
from edge_agent.task import ModelFolder, TaughtOnSite, bundle_of
from edge_agent.workshop import Workshop, check_settings
from protocols.codec import encode
from protocols.messages.device import Desired, Refusal, Reported, TaskKind, Teaching
from protocols.messages.model_release import ModelRelease, ModelState

SNAPSHOT = "twin"
LOOK_S = 0.5
MOST_WHY_CHARACTERS = 400
MOST_REFUSED = 64
MOST_PART_CHARACTERS = 100

_log = structlog.get_logger()


class Applied(Struct, frozen=True):
    """What was applied of a desired twin; of `settings` only those that differ from the device's own file."""

    version: int = 0
    settings: dict[str, dict[str, Any]] = {}
    models: dict[TaskKind, ModelRelease] = {}
    refused: list[Refusal] = []


class Models(Protocol):
    """Follows what the twin wants of models."""

    def apply_models(self, models: Mapping[str, ModelRelease]) -> dict[str, ModelState]:
        """What is wanted by kind of task; returns at once."""
        ...

    def states(self) -> dict[str, ModelState]:
        """How far each kind has come."""
        ...


def read_applied(file: OutboxFile) -> Applied:
    """What was applied before the agent was last stopped."""
    return _decoded(saved(file, SNAPSHOT))


def applied_at(path: Path) -> Applied:
    """What was applied, read beside an agent that may be at work on that outbox; nothing where none ever ran."""
    if not path.exists():
        return Applied()
    try:
        with closing(open_read_only(path)) as connection:
            return _decoded(read(connection, SNAPSHOT))
    except (sqlite3.DatabaseError, OutboxError) as error:
        _log.warning("twin_unreadable", why=str(error), remedy="the device's own file counts")
        return Applied()


def _decoded(state: bytes | None) -> Applied:
    try:
        return Applied() if state is None else msgspec.json.decode(state, type=Applied)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _log.warning("twin_unreadable", why=str(error), remedy="the device's own file counts until the centre is heard")
        return Applied()


def with_applied(config: EdgeConfig, applied: Applied) -> EdgeConfig:
    """The configuration with the applied settings in it; those that a newer program no longer takes are left out."""
    return replace(config, task=tuple(_as_applied(task, applied) for task in config.task))


def name_of(task: TaskConfig) -> str:
    """What a task is called in a twin."""
    return f"{task.source}/{task.kind}"


@dataclass
class Twin:
    """The twin of one device. `own`: the tasks as the device's file has them; `say` publishes what is reported."""

    workshop: Workshop
    own: Sequence[TaskConfig]
    observers: Mapping[str, Observer]
    say: Callable[[bytes], object]
    applied: Applied
    models: Models | None = None
    tasks: dict[str, TaskConfig] = field(default_factory=dict)
    _wanted: SimpleQueue[Desired] = field(default_factory=SimpleQueue)
    _lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        self.tasks = {name_of(task): task for task in self.workshop.config.task}

    def want(self, desired: Desired) -> None:
        """A genuine twin was heard."""
        self._wanted.put(desired)

    def run(self, stop: Flag) -> None:
        """Work until `stop` is set."""
        if self.models is not None:
            self.models.apply_models(self.applied.models)
        while not stop.is_set():
            try:
                desired = self._wanted.get(timeout=LOOK_S)
            except Empty:
                continue
            self.follow(desired)

    def follow(self, desired: Desired) -> None:
        """Apply a twin as far as it can be, keep that, report it. One older than what was applied changes nothing."""
        with self._lock:
            if desired.version < self.applied.version:
                _log.error("old_twin_refused", version=desired.version, applied=self.applied.version)
            elif desired.version > self.applied.version:
                self._apply(desired)
            self.report()

    def report(self) -> None:
        """Say how things are."""
        with self._lock:
            settings = {name: task.settings for name, task in self.tasks.items()}
            states = self.models.states() if self.models is not None else {}
            states = {kind: self._as_running(kind, state) for kind, state in states.items()}
            boot, applied = self.workshop.clock.boot, self.applied
            said = Reported(
                version=applied.version,
                boot=boot,
                settings=settings,
                models=states,
                refused=applied.refused,
                taught=self._taught(),
            )
        self.say(reported_payload(said))

    def rebuild(self, kind: str, source: str | None = None) -> int:
        """Build the tasks of a kind (of one source) anew, on the model that counts now; how many. Raises TaskNotBuilt."""
        with self._lock:
            tasks = [task for task in self.tasks.values() if task.kind == kind and source in {None, task.source}]
            try:
                for task in tasks:
                    self._put(task)
            except SourceBusy as error:
                raise TaskNotBuilt(f"task {kind!r}: {error}; it goes on as it was") from error
        return len(tasks)

    def prove(self, kind: str, model: ModelFolder) -> None:
        """Build the tasks of a kind, set as they are now, on a model and let them go. Raises TaskNotBuilt."""
        self.workshop.prove([task for task in self.tasks.values() if task.kind == kind], kind, model)

    def _as_running(self, kind: str, state: ModelState) -> ModelState:
        """With the model that concludes here now: the centre cannot know which one ships with this program."""
        running = (observer.pipeline.models().get(kind) for observer in self.observers.values())
        found = next(filter(None, running), None)
        return state if found is None else replace(state, model=bundle_of(found))

    def _taught(self) -> dict[str, Teaching]:
        found: dict[str, Teaching] = {}
        for name, set_up in self.tasks.items():
            task = self.observers[set_up.source].pipeline.task(set_up.kind)
            if isinstance(task, TaughtOnSite) and task.teaching is not None:
                found[name] = task.teaching
        return found

    def _apply(self, desired: Desired) -> None:
        kept: dict[str, dict[str, Any]] = {}
        refused = [
            Refusal(part=name[:MOST_PART_CHARACTERS], why=f"there is no such task; there are: {', '.join(self.tasks)}"[:400])
            for name in desired.settings
            if name not in self.tasks
        ]
        for own in self.own:
            name = name_of(own)
            why = self._set(own, desired.settings.get(name, own.settings))
            if why is not None:
                refused.append(Refusal(part=name, why=why))
            if self.tasks[name].settings != own.settings:
                kept[name] = self.tasks[name].settings
        if self.models is not None:
            self.models.apply_models(desired.models)
        self._keep(Applied(desired.version, kept, desired.models, refused[:MOST_REFUSED]))

    def _set(self, own: TaskConfig, settings: dict[str, Any]) -> str | None:
        """Give a task other settings; why not, when it keeps those it has."""
        name = name_of(own)
        if settings == self.tasks[name].settings:
            return None
        wanted = replace(own, settings=settings)
        try:
            self._put(wanted)
        except EdgeError as error:
            _log.error("settings_refused", task=name, why=str(error), remedy="it keeps the settings it has")
            return str(error)[:MOST_WHY_CHARACTERS]
        self.tasks[name] = wanted
        _log.info("settings_applied", task=name)
        return None

    def _put(self, task: TaskConfig) -> None:
        """Build a task and put it to work. Raises ConfigError, TaskNotBuilt, SourceBusy."""
        observer = self.observers[task.source]
        observer.replace(task.kind, self.workshop.built(task, observer.source))

    def _keep(self, applied: Applied) -> None:
        """On disk; on a full one it holds until the next start, when the centre says it again."""
        self.applied = applied
        try:
            with self.workshop.file.writing() as connection:
                save(connection, SNAPSHOT, encode(applied))
        except OutboxError as error:
            _log.error("twin_not_kept", why=str(error))


def _as_applied(task: TaskConfig, applied: Applied) -> TaskConfig:
    settings = applied.settings.get(name_of(task))
    if settings is None:
        return task
    changed = replace(task, settings=settings)
    try:
        check_settings(changed)
    except (ConfigError, TaskNotBuilt) as error:
        _log.error("settings_refused", task=name_of(task), why=str(error), remedy="it starts as the device's file has it")
        return task
    return changed
