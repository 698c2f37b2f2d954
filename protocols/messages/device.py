"""What a device says about itself: birth, last will, health, the twin; and what the centre says about itself."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from protocols.envelope import Boot, Clock, Instant, Milliseconds, Number
from protocols.identity import Name
from protocols.messages.model_release import ModelRelease, ModelState

Text = Annotated[str, Meta(max_length=400)]
TaskKind = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,47}(?![\s\S])")]


class TaskAnnouncement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One task on one source; `settings_schema` is JSON Schema 2020-12, from which the centre draws a form."""

    kind: TaskKind
    source: Name
    settings: dict[str, Any] = {}
    settings_schema: dict[str, Any] = {}
    model: Annotated[str, Meta(max_length=160)] | None = None


class Birth(Struct, frozen=True, kw_only=True, tag_field="state", tag="online", omit_defaults=True):
    """Retained on `up/status` as soon as a device is connected.

    privacy: the rule by which its pictures are veiled; actions: what it can be commanded to do → the sources or actuators
    that this can be about, none where it is about the device. monotonic_ms, clock: of `started_at`, to date this boot.
    """

    boot: Boot
    started_at: Instant
    monotonic_ms: Milliseconds | None = None
    clock: Clock = "estimated"
    version: Annotated[str, Meta(max_length=64)]
    tasks: Annotated[list[TaskAnnouncement], Meta(max_length=64)] = []
    privacy: dict[str, Any] = {}
    actions: dict[str, list[Name]] = {}


class Will(Struct, frozen=True, kw_only=True, tag_field="state", tag="offline"):
    """Retained on `up/status` by the broker when the connection is lost, or by the device on a clean stop."""

    boot: Boot
    reason: Literal["connection_lost", "stopped"]


Status = Birth | Will


class OutboxHealth(Struct, frozen=True, kw_only=True):
    """The queue on the device: events not yet acknowledged."""

    count: Number
    bytes: Number
    oldest_age_s: Annotated[float, Meta(ge=0)]
    last_sequence: Number
    set_aside: Number = 0


class Wear(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What this agent writes to its memory card: bytes a day, and days until the card's rated life is written, if known."""

    bytes_per_day: Annotated[float, Meta(ge=0)]
    days_left: Annotated[float, Meta(ge=0)] | None = None


class SourceHealth(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One camera, bus or recording; `message` is for people: why the state is not ok, or what is
    wrong with a camera that still gives pictures (moved, frozen).

    samples: read; dropped: overwritten unread; refused: read, but of no use; held_back: frames that the trigger of the
    camera did not ask for; over_budget: times a task was not shown one, since it had taken more time than it is granted.
    """

    id: Name
    state: Literal["ok", "lost", "ended"]
    samples: Number
    dropped: Number = 0
    refused: Number = 0
    task_errors: Number = 0
    held_back: Number = 0
    over_budget: Number = 0
    age_s: float | None = None
    message: Text | None = None


class Health(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """State of the machine, sent as it is on `up/health`; nothing is owed when one is lost.

    throttled: why the firmware holds the processor back now. clock_jumps: of the wall clock since the agent's start.
    clock_error_s: how wrong the kernel holds its clock to be at most, when it is synchronised.
    """

    boot: Boot
    at: Instant
    outbox: OutboxHealth
    clock: Clock
    monotonic_ms: Milliseconds | None = None
    sources: Annotated[list[SourceHealth], Meta(max_length=64)]
    cpu_percent: float | None = None
    memory_mb: float | None = None
    temperature_c: float | None = None
    disk_free_mb: float | None = None
    throttled: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(max_length=8)] = []
    clock_jumps: Number = 0
    clock_error_s: float | None = None
    wear: Wear | None = None
    paused: Text | None = None


class Desired(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The twin as the centre wants it; receiving it, signed and retained, proves a device's subscription.

    settings: "source/kind" of a task → its settings, whole; models: kind of task → the bundle it should run. What is not
    named stays as the device's own file has it. A version below the one applied is an old message and is refused, and
    so is a twin for another `device`; version 0 wants nothing and names none.
    """

    version: Number
    device: Name | None = None
    settings: dict[str, dict[str, Any]] = {}
    models: dict[TaskKind, ModelRelease] = {}


class Refusal(Struct, frozen=True, kw_only=True):
    """A part of the desired twin that was not applied, and why: the old one stays."""

    part: Annotated[str, Meta(max_length=100)]
    why: Text


class Teaching(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a task was taught on the device, from `count` pictures of good parts; verdicts name `lesson` in their model.

    pictures: first characters of the SHA-256 of the pixels of each; left_out: that looked like no other, and do not count.
    """

    lesson: Annotated[str, Meta(max_length=64)]
    at: Instant
    count: Number
    pictures: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=64)] = []
    left_out: Number = 0


class Reported(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The twin as it is; echoes the desired version that was applied, as far as `refused` does not say otherwise.

    taught: "source/kind" of a task → what it was taught on the device, where that is what concludes.
    """

    version: Number
    boot: Boot
    settings: dict[str, dict[str, Any]] = {}
    models: dict[str, ModelState] = {}
    refused: Annotated[list[Refusal], Meta(max_length=64)] = []
    taught: dict[str, Teaching] = {}


class CentralState(Struct, frozen=True, kw_only=True):
    """Retained on `central/state`. A new `epoch` (restored backup) makes every device rewind to what is acknowledged."""

    online: bool
    epoch: Annotated[str, Meta(min_length=1, max_length=64)]
    time: Instant
