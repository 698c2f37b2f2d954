"""Follows what the twin wants of models: fetch, check, try, swap, keep or take back. One thread does the work, in `run`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag

import structlog

from edge_agent.errors import EdgeError, FetchFailed, ReleaseRejected, TaskNotBuilt
from edge_agent.releases import pointer as turns
from edge_agent.releases.archive import unpack
from edge_agent.releases.pointer import Installed, Pointer
from edge_agent.releases.slots import Slots
from edge_agent.task import ModelFolder
from protocols.messages.model_release import ModelRelease, ModelState
from vision_models.inference.manifest import read_bundle

INCOMING = "incoming"
LOOK_S = 1.0
FIRST_RETRY_S, LAST_RETRY_S = 5.0, 600.0
MOST_WHY_CHARACTERS = 400

_log = structlog.get_logger()


@dataclass(frozen=True)
class Bench:
    """What tasks are built with. `prove` builds those of a kind on a model and throws them away; `swap` puts those that run
    onto the model that counts now; `changed` hears that `states` has news. The first two raise TaskNotBuilt, `swap` also
    SourceBusy where a source is away: tried again."""

    prove: Callable[[str, ModelFolder], None]
    swap: Callable[[str], object]
    changed: Callable[[], object]


@dataclass
class _Retry:
    """When a fetch is tried again (monotonic), after how long the next time, and what went wrong."""

    at_s: float = 0.0
    wait_s: float = FIRST_RETRY_S
    why: str | None = None


@dataclass
class Releases:
    """The models of one device. `fetch` completes a file (FetchFailed, ReleaseRejected); `trial_s`: how long a new model
    must run before the old one is given up; `clock_s` is monotonic."""

    slots: Slots
    bench: Bench
    fetch: Callable[[ModelRelease, Path], None]
    clock_s: Callable[[], float]
    trial_s: float
    _wanted: Mapping[str, ModelRelease] | None = None
    _followed: Mapping[str, ModelRelease] | None = None
    _retries: dict[str, _Retry] = field(default_factory=dict)
    _trial_ends_s: dict[str, float] = field(default_factory=dict)
    _behind: dict[str, str] = field(default_factory=dict)
    _wake: Flag = field(default_factory=Flag)

    def apply_models(self, models: Mapping[str, ModelRelease]) -> dict[str, ModelState]:
        """What the twin wants by kind of task, from any thread; what is not named runs as shipped. Returns at once."""
        self._wanted = dict(models)
        self._wake.set()
        return self.states()

    def states(self) -> dict[str, ModelState]:
        """How far each kind has come."""
        kinds = sorted({*self.slots.kinds(), *(self._wanted or {})})
        return {kind: self._state(kind, self.slots.pointer(kind)) for kind in kinds}

    def run(self, stop: Flag) -> None:
        """Work until `stop` is set."""
        while not stop.is_set():
            self.step()
            self._wake.wait(LOOK_S)
            self._wake.clear()

    def step(self) -> None:
        """Do what is due for each kind."""
        wanted = self._wanted
        self._follow(wanted)
        for kind in sorted({*self.slots.kinds(), *(wanted or {})}):
            try:
                self._turn(kind, self.slots.pointer(kind), wanted)
            except OSError as error:
                self._put_off(kind, f"{error}; make room or correct the rights of {self.slots.folder}")

    def _follow(self, wanted: Mapping[str, ModelRelease] | None) -> None:
        """What is wanted anew, since the last step, is tried at once, and even if it was refused before."""
        followed, self._followed = self._followed, wanted
        if followed is None:  # at the start, what was refused before stays refused
            return
        for kind, release in (wanted or {}).items():
            if followed.get(kind) != release:
                self._retries.pop(kind, None)
                pointer = self.slots.pointer(kind)
                if release.sha256 in pointer.refused:
                    self.slots.point(kind, turns.asked_anew(pointer, release))

    def _turn(self, kind: str, pointer: Pointer, models: Mapping[str, ModelRelease] | None) -> None:
        pointer = self._tried(kind, pointer)
        if kind in self._behind:
            self._rebuild(kind)
        if models is None:
            return
        wanted, runs = models.get(kind), _hash_of(pointer.current)
        if wanted is None:
            if runs is not None:
                self._swap(kind, turns.to_shipped(pointer))
        elif wanted.sha256 == runs or wanted.sha256 in pointer.refused:
            return
        elif self._ran_before(kind, wanted, pointer):
            self._swap(kind, turns.turned_back(pointer))
        elif not pointer.is_on_trial and self.clock_s() >= self._retries.setdefault(kind, _Retry()).at_s:
            self._install(kind, wanted, pointer)

    def _ran_before(self, kind: str, wanted: ModelRelease, pointer: Pointer) -> bool:
        before = pointer.previous
        return before is not None and before.release.sha256 == wanted.sha256 and self.slots.fault(kind, before) is None

    def _tried(self, kind: str, pointer: Pointer) -> Pointer:
        """`pointer`, its trial over when it has lasted."""
        now_s = self.clock_s()
        if not pointer.is_on_trial or now_s < self._trial_ends_s.setdefault(kind, now_s + self.trial_s):
            return pointer
        self._trial_ends_s.pop(kind)
        self.slots.point(kind, after := turns.kept(pointer))
        _log.info("model_kept", kind=kind, model=after.current and after.current.release.model)
        return after

    def _install(self, kind: str, wanted: ModelRelease, pointer: Pointer) -> None:
        try:
            installed = self._proven(kind, wanted, pointer)
        except FetchFailed as error:
            self._put_off(kind, str(error))
            return
        except OSError:
            raise
        except Exception as error:  # whatever an archive or a native loader makes of hostile bytes: the agent goes on
            _log.error("model_refused", kind=kind, model=wanted.model, why=str(error))
            self._incoming(wanted).unlink(missing_ok=True)
            self.slots.point(kind, turns.refused(self.slots.pointer(kind), wanted, str(error)))
            self.bench.changed()
            return
        self._trial_ends_s[kind] = self.clock_s() + self.trial_s
        self._swap(kind, turns.switched(pointer, installed))
        self._incoming(wanted).unlink(missing_ok=True)

    def _proven(self, kind: str, wanted: ModelRelease, pointer: Pointer) -> Installed:
        """The release, complete in the slot that does not count, after it worked here."""
        archive = self._incoming(wanted)
        archive.parent.mkdir(parents=True, exist_ok=True)
        self.fetch(wanted, archive)
        folder = self.slots.emptied(kind)
        unpack(archive, folder)
        found = read_bundle(folder, *self.slots.trusted_keys).manifest.model_id
        if found != wanted.model:
            raise ReleaseRejected(f"the archive holds {found}, the twin says {wanted.model}; add the release again")
        self.bench.prove(kind, ModelFolder(folder, wanted.sha256, self.slots.trusted_keys))
        return Installed(pointer.free_slot, wanted)

    def _swap(self, kind: str, pointer: Pointer) -> None:
        """Make `pointer` count and let tasks follow."""
        self.slots.point(kind, pointer)
        self._rebuild(kind)

    def _rebuild(self, kind: str) -> None:
        """Let the tasks of a kind follow what counts; where they cannot be built on it, the model before it counts."""
        behind = self._behind.pop(kind, None)
        try:
            self.bench.swap(kind)
        except TaskNotBuilt as error:
            if self.slots.give_up(kind, str(error)):
                self._rebuild(kind)
        except EdgeError as error:
            self._behind[kind] = str(error)[:MOST_WHY_CHARACTERS]
            if behind is None:
                _log.warning("model_waits", kind=kind, why=str(error))
                self.bench.changed()
        else:
            _log.info("model_runs", kind=kind, model=self._state(kind, self.slots.pointer(kind)).model or "shipped")
            self.bench.changed()

    def _put_off(self, kind: str, why: str) -> None:
        retry = self._retries.setdefault(kind, _Retry())
        _log.warning("model_waits", kind=kind, why=why, again_in_s=retry.wait_s)
        again_s = self.clock_s() + retry.wait_s
        self._retries[kind] = _Retry(again_s, min(LAST_RETRY_S, retry.wait_s * 2), why[:MOST_WHY_CHARACTERS])
        self.bench.changed()

    def _state(self, kind: str, pointer: Pointer) -> ModelState:
        wanted = (self._wanted or {}).get(kind)
        runs = pointer.current.release.model if pointer.current else None
        if kind in self._behind:
            return ModelState(state="fetching", wanted=wanted.model if wanted else None, why=self._behind[kind])
        if wanted is None or wanted.sha256 == _hash_of(pointer.current):
            return ModelState(state="running", model=runs)
        if (refusal := pointer.refused.get(wanted.sha256)) is not None:
            return ModelState(state=refusal.state, model=runs, wanted=wanted.model, why=refusal.why)
        retry = self._retries.get(kind)
        return ModelState(state="fetching", model=runs, wanted=wanted.model, why=retry.why if retry else None)

    def _incoming(self, release: ModelRelease) -> Path:
        return self.slots.folder / INCOMING / f"{release.sha256.partition(':')[2]}.tar"


def _hash_of(installed: Installed | None) -> str | None:
    return None if installed is None else installed.release.sha256
