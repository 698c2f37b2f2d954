"""What people order of releases: add one, roll it out, stop, roll back. Each is audited and seen by open pages."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from central.errors import Refused
from central.fleet import rollout as rules
from central.fleet import twin
from central.fleet.archives import Archives
from central.fleet.bundle import kind_of, read_bundle
from central.fleet.standing import Standing, standings
from central.store import audit, changes, releases, rollouts, twins
from central.store.audit import Deed
from central.store.releases import Release
from central.store.rollouts import Member, Phase, Rollout
from protocols.messages.model_release import ModelRelease

NOUN = "rollout"
DEFAULT_SOAK_S = 3600.0
GIVES_BACK_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Order:
    """Roll `model` out at a site (None: at all), to this device first, each stage soaking so long."""

    model: str
    site: str | None
    canary: str | None
    soak_s: float


def add(conn: Connection, archives: Archives, folder: Path, kind: str | None, who: str, now: datetime) -> Release:
    """Check a bundle and keep its archive; adding it again changes nothing. Raises Refused."""
    bundle = read_bundle(folder, archives.trusted_keys)
    chosen = kind_of(bundle.manifest, kind)
    archives.keep(bundle.sha256, bundle.archive)
    if (known := releases.get(conn, bundle.sha256)) is not None:
        return known
    release = Release(
        sha256=bundle.sha256,
        kind=chosen,
        model=bundle.manifest.model_id,
        name=bundle.manifest.name,
        version=bundle.manifest.version,
        size_bytes=len(bundle.archive),
        added_by=who,
        added_at=now,
    )
    releases.add(conn, release)
    audit.record(conn, Deed(who=who, action="release.added", thing=f"release/{release.sha256}", after=release.model), now)
    changes.log(conn, "", NOUN, release.sha256, now)
    return release


def named(conn: Connection, model: str) -> Release:
    """The release of that hash, id, or name and version. Raises Refused."""
    found = releases.called(conn, model)
    if not found:
        known = ", ".join(f"{one.name}-{one.version}" for one in releases.every(conn)[:8]) or "none yet"
        raise Refused(f"no release {model!r}; there are: {known}; add one with `tallyhouse release add FOLDER`")
    if len(found) > 1:
        raise Refused(f"{model!r} names {len(found)} releases; give one of: {', '.join(one.model for one in found)}")
    return found[0]


def begin(conn: Connection, order: Order, who: str, now: datetime) -> Rollout:
    """A rollout in its first stage; nothing has been told to any device yet. Raises Refused."""
    release = named(conn, order.model)
    there = candidates(standings(conn, order.site), release.kind)
    if not there:
        raise Refused(f"no device at {order.site or 'any site'} has a task of kind {release.kind}; connect one first")
    canary = order.canary or there[0]
    if canary not in there:
        raise Refused(f"device {canary!r} has no task of kind {release.kind}; --canary takes one of {', '.join(there[:8])}")
    _refuse_while_another_goes_on(conn, release.kind, order.site, now)
    planned = Rollout(
        id=0,
        site=order.site,
        kind=release.kind,
        sha256=release.sha256,
        model=release.model,
        baseline=twins.get(conn, canary).models.get(release.kind, {}).get("sha256"),
        canary=canary,
        soak_s=order.soak_s,
        stage=0,
        phase="measuring",
        stage_began_at=now,
        why=None,
        detail=None,
        begun_by=who,
        begun_at=now,
        ended_at=None,
    )
    number = rollouts.begin(conn, planned)
    note(conn, number, who, "rollout.begun", now, after={"model": release.model, "site": order.site, "canary": canary})
    return found(conn, number)


def stop(conn: Connection, number: int, who: str, now: datetime) -> Rollout:
    """Let no further device have the model; those that have it keep it. Raises Refused."""
    rollout = found(conn, number)
    if not rollout.is_open:
        raise Refused(f"rollout {number} has ended already ({rollout.phase}); nothing was changed")
    end(conn, rollout, "stopped", now, why="by_person", detail=who)
    note(conn, number, who, "rollout.stopped", now)
    return found(conn, number)


def roll_back(conn: Connection, number: int, who: str, now: datetime) -> Rollout:
    """Give every device of a rollout back what it ran before, unless it is to run another by now. Raises Refused."""
    rollout = found(conn, number)
    if rollout.phase in {"rolled_back", "failed"}:
        raise Refused(f"rollout {number} has been taken back already; nothing was changed")
    give_back(conn, rollout, who, now)
    end(conn, rollout, "rolled_back", now, why="by_person", detail=who)
    note(conn, number, who, "rollout.rolled_back", now)
    return found(conn, number)


def give_back(conn: Connection, rollout: Rollout, who: str, now: datetime) -> int:
    """Want of the next devices, a few at once, what their twins named before; how many. A twin that wants something else by
    now keeps that."""
    owed = _owed(conn, rollout)[: rules.MOST_AT_ONCE]
    for member in owed:
        before = None if member.before is None else msgspec.convert(member.before, ModelRelease)
        twin.change(conn, member.device, models={rollout.kind: before}, who=who, now=now)
    return len(owed)


def being_taken_back(conn: Connection, now: datetime) -> list[Rollout]:
    """Rollouts that ended lately and still have devices to give back; none that a newer one has replaced at its site."""
    newest = rollouts.newest(conn)
    return [
        one
        for place, one in enumerate(newest)
        if _is_going_back(one, now) and not any(_meets(one, later.kind, later.site) for later in newest[:place])
        if _owed(conn, one)
    ]


def _meets(rollout: Rollout, kind: str, site: str | None) -> bool:
    """Whether it reaches devices that a rollout of that kind at that site (None: at all) would reach."""
    return rollout.kind == kind and (site is None or rollout.site in {None, site})


def _is_going_back(rollout: Rollout, now: datetime) -> bool:
    is_fresh = rollout.ended_at is not None and now - rollout.ended_at < GIVES_BACK_FOR
    return rollout.phase in {"failed", "rolled_back"} and is_fresh


def _owed(conn: Connection, rollout: Rollout) -> list[Member]:
    """Devices whose twins still name the release."""
    members = rollouts.members(conn, rollout.id)
    wanted = twins.of_devices(conn, [member.device for member in members])
    there = standings(conn, rollout.site)
    return [
        one
        for one in members
        if one.device in there and wanted[one.device].models.get(rollout.kind, {}).get("sha256") == rollout.sha256
    ]


def end(conn: Connection, rollout: Rollout, phase: Phase, now: datetime, *, why: str | None, detail: str | None) -> None:
    """The rollout goes no further."""
    rollouts.move(conn, rollout.id, phase=phase, why=why, detail=detail, ended_at=now)


def note(conn: Connection, number: int, who: str, action: str, now: datetime, after: object = None) -> None:
    """Audit a deed and wake the pages that show rollouts."""
    audit.record(conn, Deed(who=who, action=action, thing=f"rollout/{number}", after=after), now)
    changes.log(conn, "", NOUN, str(number), now)


def found(conn: Connection, number: int) -> Rollout:
    """The rollout of that number. Raises Refused."""
    rollout = rollouts.get(conn, number)
    if rollout is None:
        raise Refused(f"there is no rollout {number}; `tallyhouse release status` shows those there are")
    return rollout


def candidates(there: Mapping[str, Standing], kind: str) -> list[str]:
    """Devices that have announced a task of that kind: those that are connected first, then by name."""
    able = [one for one in there.values() if kind in one.kinds]
    return [one.device for one in sorted(able, key=lambda one: (not one.is_online, one.device))]


def turns(there: Mapping[str, Standing], rollout: Rollout, have: Collection[str]) -> list[str]:
    """The devices that do not have the model yet, in their turn."""
    left = [one for one in candidates(there, rollout.kind) if one not in have]
    return sorted(left, key=lambda device: (device != rollout.canary, rules.turn(rollout.id, device)))


def _refuse_while_another_goes_on(conn: Connection, kind: str, site: str | None, now: datetime) -> None:
    for other in being_taken_back(conn, now):
        if _meets(other, kind, site):
            raise Refused(f"rollout {other.id} of {other.model} is still being taken back; try again in a minute")
    for other in rollouts.open_ones(conn):
        if _meets(other, kind, site):
            raise Refused(f"rollout {other.id} of {other.model} goes on; stop it first: tallyhouse release stop {other.id}")
