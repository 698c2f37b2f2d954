"""Moves a rollout one step: what is seen of its devices, what the rules say, and the rows and twins that follow from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from central.errors import CentralError
from central.fleet import release_orders as orders
from central.fleet import rollout as rules
from central.fleet import twin
from central.fleet.accuracy import Accuracy
from central.fleet.archives import Archives
from central.fleet.rollout import Advance, Enter, Fail, Finish, HealthRules, Measure, Sight, Step, Wait
from central.fleet.standing import Standing, standings
from central.store import releases, rollouts, twins
from central.store.rollouts import Gate, GateRow, Member, Rollout

WHO = "rollout"


@dataclass(frozen=True)
class Seen:
    """A rollout with its devices as they are now, and those that wait for their turn."""

    rollout: Rollout
    members: Sequence[Member]
    there: Mapping[str, Standing]
    sights: Sequence[Sight]
    waiting: Sequence[str]

    @property
    def has_news(self) -> bool:
        """Whether a device runs the new model of which that is not on record yet."""
        return any(one.runs_new and one.running_since is None for one in self.sights)


def look(conn: Connection, rollout: Rollout) -> Seen:
    """What is to be known before a step."""
    there = standings(conn, rollout.site)
    members = rollouts.members(conn, rollout.id)
    sights = [sight(rollout, member, there[member.device]) for member in members if member.device in there]
    waiting = orders.turns(there, rollout, {member.device for member in members})
    return Seen(rollout, members, there, sights, waiting)


def sight(rollout: Rollout, member: Member, standing: Standing) -> Sight:
    """A device of the rollout as it is seen; counters since it runs the new model, or since its boot if that was later."""
    said, now = standing.state(rollout.kind), standing.counters(rollout.kind)
    is_answer = said is not None and rollout.model in {said.model, said.wanted}
    is_same_boot = member.boot == standing.boot
    before = member if is_same_boot else replace(member, samples=0, dropped=0, task_errors=0)
    return Sight(
        device=member.device,
        stage=member.stage,
        runs_new=said is not None and said.state == "running" and said.model == rollout.model,
        state=said.state if said is not None and is_answer else None,
        why=said.why if said is not None and is_answer else None,
        running_since=member.running_since,
        heard_at=standing.heard_at,
        is_online=standing.is_online,
        samples=max(0, now.samples - before.samples),
        dropped=max(0, now.dropped - before.dropped),
        task_errors=max(0, now.task_errors - before.task_errors),
        looked_share_before=rules.looked_share(member.samples, member.dropped),
    )


def mark_running(conn: Connection, seen: Seen, now: datetime) -> None:
    """Note which devices run the new model since now, with their counters."""
    fresh = {one.device for one in seen.sights if one.runs_new and one.running_since is None}
    for member in seen.members:
        if member.device not in fresh:
            continue
        standing = seen.there[member.device]
        counted = standing.counters(seen.rollout.kind)
        running = replace(
            member,
            running_since=now,
            boot=standing.boot,
            samples=counted.samples,
            dropped=counted.dropped,
            task_errors=counted.task_errors,
        )
        rollouts.put_member(conn, running)


def step(seen: Seen, accuracy: Accuracy | None, now: datetime, health_rules: HealthRules = rules.RULES) -> Step:
    """What the rules say."""
    return rules.next_step(seen.rollout, seen.sights, seen.waiting, accuracy, now, health_rules)


def follow(conn: Connection, archives: Archives, seen: Seen, step: Step, now: datetime) -> None:
    """Do what a step says."""
    match step:
        case Enter(devices):
            _enter(conn, archives, seen.rollout, devices, now)
        case Advance(left_behind):
            _conclude_stage(conn, seen, left_behind, now)
            stage = seen.rollout.stage + 1
            rollouts.move(conn, seen.rollout.id, stage=stage, phase="measuring", stage_began_at=now)
            orders.note(conn, seen.rollout.id, WHO, "rollout.advanced", now, after={"stage": rules.STAGES[stage]})
        case Finish(left_behind):
            _conclude_stage(conn, seen, left_behind, now)
            orders.end(conn, seen.rollout, "done", now, why=None, detail=", ".join(left_behind) or None)
            orders.note(conn, seen.rollout.id, WHO, "rollout.done", now)
        case Fail(why, detail):
            _fail(conn, seen, why, detail, now)
        case Measure() | Wait():
            pass


def measured(conn: Connection, rollout: Rollout, accuracy: Accuracy, now: datetime) -> None:
    """Put the accuracy gate of a stage on record."""
    figures = msgspec.to_builtins(accuracy)
    rollouts.add_gate(conn, rollout.id, _gate(rollout, "accuracy", accuracy.passed, now, figures))
    orders.note(conn, rollout.id, WHO, "rollout.measured", now, after={"passed": accuracy.passed, "why": accuracy.why})


def _enter(conn: Connection, archives: Archives, rollout: Rollout, devices: Sequence[str], now: datetime) -> None:
    release = releases.get(conn, rollout.sha256)
    if release is None:
        raise CentralError(f"release {rollout.sha256} of rollout {rollout.id} is gone from the database")
    wanted = twins.of_devices(conn, devices)
    before = {device: wanted[device].models.get(rollout.kind) for device in devices}
    members = [Member(rollout=rollout.id, device=device, stage=rollout.stage, before=before[device]) for device in devices]
    rollouts.add_members(conn, members)
    for device in devices:
        twin.change(conn, device, models={rollout.kind: archives.offered(release)}, who=WHO, now=now)
    rollouts.move(conn, rollout.id, phase="soaking", stage_began_at=now)
    orders.note(
        conn, rollout.id, WHO, "rollout.entered", now, after={"stage": rules.STAGES[rollout.stage], "devices": devices}
    )


def _conclude_stage(conn: Connection, seen: Seen, left_behind: Sequence[str], now: datetime) -> None:
    """Put the health gate of a stage that reached devices on record."""
    mine = [one for one in seen.sights if one.stage == seen.rollout.stage]
    if mine:
        figures = {"devices": [_told(one) for one in mine], "left_behind": list(left_behind)}
        rollouts.add_gate(conn, seen.rollout.id, _gate(seen.rollout, "health", True, now, figures))


def _fail(conn: Connection, seen: Seen, why: str, detail: str, now: datetime) -> None:
    rollout = seen.rollout
    if why != "accuracy":
        figures = {"devices": [_told(one) for one in seen.sights], "why": why, "detail": detail}
        rollouts.add_gate(conn, rollout.id, _gate(rollout, "health", False, now, figures))
    given_back = orders.give_back(conn, rollout, WHO, now)
    orders.end(conn, rollout, "failed", now, why=why, detail=detail)
    orders.note(conn, rollout.id, WHO, "rollout.failed", now, after={"why": why, "detail": detail, "given_back": given_back})


def _told(one: Sight) -> dict[str, object]:
    return {
        "device": one.device,
        "state": one.state,
        "samples": one.samples,
        "dropped": one.dropped,
        "task_errors": one.task_errors,
    }


def _gate(rollout: Rollout, gate: Gate, passed: bool, now: datetime, figures: dict[str, Any]) -> GateRow:
    return GateRow(stage=rollout.stage, gate=gate, passed=passed, at=now, figures=figures)
