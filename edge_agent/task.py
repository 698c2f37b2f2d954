"""The seam between samples and conclusions: a sample in, findings out; state is a value that can be saved.

A task knows no network, disk or clock. The model files it needs are read once, in `TaskCard.build`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import msgspec

from edge_agent.sample import Sample
from protocols.messages.device import Teaching
from protocols.messages.evidence import Stretch
from protocols.messages.registry import EventData
from protocols.sensor_profiles.profile import Profile

TAUGHT_MARK = "+taught:"


@dataclass(frozen=True)
class Picture:
    """Evidence as JPEG bytes, already cut to what may leave the device."""

    jpeg: bytes


@dataclass(frozen=True)
class Finding:
    """One conclusion. Urgent ones are committed at once; `occurred_at` None means: when the sample was taken."""

    data: EventData
    urgent: bool
    evidence: Picture | Stretch | None = None
    model: str | None = None
    occurred_at: datetime | None = None


class Task(Protocol):
    """One task on one source."""

    @property
    def model(self) -> str | None:
        """What concludes, as its findings name it: told to the centre when the device is born."""
        ...

    def observe(self, sample: Sample) -> Sequence[Finding]:
        """What follows from one more sample. Raises SampleRefused."""
        ...

    def snapshot(self) -> bytes:
        """The state in a versioned form of the task's own, never pickle; empty when there is none worth keeping."""
        ...

    def restore(self, state: bytes) -> None:
        """Go on from `snapshot()`. Raises SnapshotRejected; then the task is as new."""
        ...

    def finish(self) -> Sequence[Finding]:
        """What is still open when a recording ends."""
        ...


@dataclass(frozen=True)
class ModelFolder:
    """Where a model bundle lies. `release` names the archive it came in, so that another one in the same folder is another
    value; `trusted_keys` its releasers' (base64), none for the one whose key ships with this program. variant, threads: how
    this machine runs it, as its self-test found."""

    folder: Path
    release: str = "shipped"
    trusted_keys: tuple[str, ...] = ()
    variant: str = "fp32"
    threads: int = 1


@runtime_checkable
class TaughtOnSite(Protocol):
    """A task that may have been taught on the device."""

    @property
    def teaching(self) -> Teaching | None:
        """What concludes rests on that; None where it is the model's own statistics."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why what it was taught does not count, for people."""
        ...


def bundle_of(model: str) -> str:
    """The model without what a station added by teaching."""
    return model.partition(TAUGHT_MARK)[0]


@dataclass(frozen=True)
class SiteLesson:
    """What was taught on the device. content: its bytes as they were written; fault: what of it is damaged, for people."""

    content: bytes | None = None
    fault: str | None = None


@dataclass(frozen=True)
class Context:
    """Where a task is set up: its source, the folder of shipped models, and what is known of the machine's channels.
    `released`: the model that the centre released for this kind of task, in place of a shipped one. `speeds`: folder of a
    bundle → the form of its network and the threads that are fastest here. `lesson`: what the source was taught on site."""

    source_id: str
    weights: Path
    profile: Profile | None = None
    units: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    released: ModelFolder | None = None
    speeds: Mapping[Path, tuple[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    lesson: SiteLesson = SiteLesson()

    def model(self, name: str) -> ModelFolder:
        """The released model, else the shipped one of that name."""
        found = self.released or ModelFolder(self.weights / name)
        variant, threads = self.speeds.get(found.folder, (found.variant, found.threads))
        return replace(found, variant=variant, threads=threads)


@dataclass(frozen=True)
class Example:
    """Settings and samples on which the shared checks try a task; they must lead to at least one finding."""

    settings: Any
    samples: Sequence[Sample]
    units: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class TaskCard:
    """What a task is. `messages` are the kinds it may say; `measured_by` names the benchmark that holds it against a peer.

    forget_models: reads them again when the next task is built; None for a task that has no model on disk.
    A rule of the shared checks that cannot hold for a task is named in `exempt`, rule → why.
    """

    kind: str
    samples: type[Sample]
    settings: type[msgspec.Struct]
    messages: tuple[str, ...]
    build: Callable[[Any, Context], Task]
    example: Callable[[], Example]
    measured_by: str | None = None
    forget_models: Callable[[], None] | None = None
    exempt: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
