"""How a rollout goes on: canary, 5 %, 25 %, all; each stage begins when the model was measured on the site's own frames and
ends when its devices have run it well for a while (pure: what is seen and the time in, the next step out).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil
from typing import Literal

from central.fleet.accuracy import Accuracy
from central.store.rollouts import Rollout

STAGES = ("canary", "5", "25", "100")
SHARES = (0.0, 0.05, 0.25, 1.0)
MOST_AT_ONCE = 50
Ending = Literal["accuracy", "taken_back", "task_errors", "dropped", "silent", "never_ran"]


@dataclass(frozen=True)
class HealthRules:
    """When a device is not well. A device that falls silent on the new model is given `silence`, a stage none of which ever
    ran it `patience`. Errors are of tasks, after the first few, as a share of samples. A camera that is faster than its
    device always drops frames, more under load: the share looked at may fall to `least_looks` of what it was, as told from
    `looks_told_from` frames on."""

    silence: timedelta = timedelta(hours=1)
    patience: timedelta = timedelta(hours=24)
    errors_allowed: int = 3
    error_share: float = 0.01
    least_looks: float = 0.5
    looks_told_from: int = 200


RULES = HealthRules()


@dataclass(frozen=True, kw_only=True)
class Sight:
    """A device of the rollout as it is seen. State is what it says of the model; counters since it runs the new one."""

    device: str
    stage: int
    runs_new: bool
    state: str | None
    why: str | None
    running_since: datetime | None
    heard_at: datetime | None
    is_online: bool
    samples: int = 0
    dropped: int = 0
    task_errors: int = 0
    looked_share_before: float = 1.0

    @property
    def looked_share(self) -> float:
        """Of frames and readings that came; the others were dropped."""
        return looked_share(self.samples, self.dropped)


@dataclass(frozen=True)
class Measure:
    """Measure the model on the labelled frames before the stage."""


@dataclass(frozen=True)
class Enter:
    """Let these devices have the model: the stage begins, or goes on."""

    devices: tuple[str, ...]


@dataclass(frozen=True)
class Wait:
    """Nothing to do yet. until: when something is to be looked at, None: when something is heard."""

    until: datetime | None = None


@dataclass(frozen=True)
class Advance:
    """The stage is over. left_behind: devices that did not run the model in all that time; they take it when they come."""

    left_behind: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finish:
    """Every device has it."""

    left_behind: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fail:
    """Stop, and give every device back what it ran before."""

    why: Ending
    detail: str


Step = Measure | Enter | Wait | Advance | Finish | Fail


def looked_share(samples: int, dropped: int) -> float:
    """Of what came, 1 when nothing did."""
    return samples / (samples + dropped) if samples + dropped else 1.0


def turn(rollout: int, device: str) -> str:
    """Devices come to their turn in the order of this: the same each time, another one in each rollout."""
    return sha256(f"{rollout}/{device}".encode()).hexdigest()


def reach(stage: int, devices: int) -> int:
    """How many of so many devices have the model after a stage."""
    return min(devices, max(1, ceil(SHARES[stage] * devices)))


def next_step(
    rollout: Rollout,
    seen: Sequence[Sight],
    waiting: Sequence[str],
    accuracy: Accuracy | None,
    now: datetime,
    rules: HealthRules = RULES,
) -> Step:
    """What to do now. waiting: devices that do not have it yet, in their turn; accuracy: as measured for this stage."""
    if failure := next((found for one in seen if (found := _failure(one, rules, now)) is not None), None):
        return failure
    more = _more(rollout, len(seen), waiting)
    if rollout.phase == "measuring":
        return _before_stage(rollout, more, accuracy)
    if more:
        return Enter(more)
    return _in_stage(rollout, [one for one in seen if one.stage == rollout.stage], rules, now)


def _more(rollout: Rollout, have: int, waiting: Sequence[str]) -> tuple[str, ...]:
    """The next devices of the stage, a few at once: nothing else is written meanwhile."""
    wanted = reach(rollout.stage, have + len(waiting)) - have
    return tuple(waiting[: max(0, min(wanted, MOST_AT_ONCE))])


def _before_stage(rollout: Rollout, more: tuple[str, ...], accuracy: Accuracy | None) -> Step:
    """A stage that reaches no further device is passed over; any other begins with a measurement."""
    if not more:
        return Finish() if rollout.stage == len(STAGES) - 1 else Advance()
    if accuracy is None:
        return Measure()
    if not accuracy.passed:
        return Fail("accuracy", accuracy.detail or accuracy.why or "")
    return Enter(more)


def _in_stage(rollout: Rollout, seen: Sequence[Sight], rules: HealthRules, now: datetime) -> Step:
    late = [one for one in seen if not one.runs_new]
    ready = [one.running_since + timedelta(seconds=rollout.soak_s) for one in seen if one.runs_new and one.running_since]
    patience_ends = rollout.stage_began_at + rules.patience
    if late and now < patience_ends:
        return Wait(patience_ends)
    if not seen:
        return Fail("never_ran", "every device of the stage was shut out before it was over; roll the model out again")
    if not ready:
        return Fail("never_ran", f"no device of the stage ran it within {rules.patience}: {_names(late)}")
    if now < max(ready):
        return Wait(max(ready))
    left_behind = tuple(one.device for one in late)
    return Finish(left_behind) if rollout.stage == len(STAGES) - 1 else Advance(left_behind)


def _failure(one: Sight, rules: HealthRules, now: datetime) -> Fail | None:
    """What is wrong with a device that has been given the model."""
    if one.state in {"rolled_back", "refused"}:
        return Fail("taken_back", f"{one.device}: {one.why or one.state}")
    if one.running_since is None:
        return None
    if one.task_errors > rules.errors_allowed + rules.error_share * one.samples:
        return Fail("task_errors", f"{one.device}: {one.task_errors} errors in {one.samples} samples")
    is_told = one.samples + one.dropped >= rules.looks_told_from
    if is_told and one.looked_share < rules.least_looks * one.looked_share_before:
        return Fail("dropped", f"{one.device} looks at {one.looked_share:.0%}, before at {one.looked_share_before:.0%}")
    if not one.is_online and one.heard_at is not None and now - max(one.heard_at, one.running_since) > rules.silence:
        return Fail("silent", f"{one.device}: silent since {one.heard_at:%Y-%m-%d %H:%M} UTC")
    return None


def _names(seen: Sequence[Sight]) -> str:
    return ", ".join(one.device for one in seen[:5]) + (" …" if len(seen) > 5 else "")
