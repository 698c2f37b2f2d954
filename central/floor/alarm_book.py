"""Alarms on record: what devices tell and what people do, each a row, a line in the journal and an announcement at once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping

from central.errors import Refused
from central.floor import alarms as life
from central.floor.alarms import Alarm, Happening, NotPossible
from central.store import alarms as book
from central.store import announcements, audit, changes
from central.store.announcements import Saying
from protocols.messages.alarm import AlarmChanged

_STATE = tuple(field.name for field in fields(Alarm))


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One alarm of a site as it is. noun: machine, sensor or device; device, sequence: the event behind the condition."""

    site: str
    noun: str
    thing: str
    rule: str
    life: Alarm
    device: str | None = None
    sequence: int | None = None

    @property
    def alarm(self) -> str:
        """Its name within the site."""
        return f"{self.noun}/{self.thing}/{self.rule}"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the equipment says of one condition. event: (device, sequence)."""

    noun: str
    thing: str
    rule: str
    happening: life.Raised | life.Cleared
    event: tuple[str, int] | None = None

    @property
    def alarm(self) -> str:
        """The alarm's name within its site."""
        return f"{self.noun}/{self.thing}/{self.rule}"


def hear(conn: Connection, site: str, told: Sequence[Told], now: datetime) -> list[str]:
    """Bring alarms up to date with what was told, in order. Returns the names of those that changed."""
    known = {name: _standing(row) for name, row in book.of(conn, site, {one.alarm for one in told}).items()}
    changed: list[str] = []
    for one in told:
        before = known.get(one.alarm) or _new(site, one)
        lived = life.after(before.life, one.happening)
        if lived is before.life:
            continue
        device, sequence = one.event or (None, None)
        known[one.alarm] = after = replace(before, life=lived, device=device, sequence=sequence)
        _keep(conn, after, one.happening, now)
        changed.append(one.alarm)
    return changed


def act(conn: Connection, site: str, alarm: str, happening: Happening, now: datetime) -> Standing:
    """What a person does to an alarm. Raises Refused when there is none of that name, or it does not fit its state."""
    before = one(conn, site, alarm)
    try:
        after = replace(before, life=life.after(before.life, happening))
    except NotPossible as error:
        by = before.life.acknowledged_by
        since = f" ({by}, {before.life.acknowledged_at:%H:%M})" if by and before.life.acknowledged_at else ""
        raise Refused(f"{alarm}: {error}{since}") from error
    _keep(conn, after, happening, now)
    who = getattr(happening, "who", None) or "system"
    states = [life.state(each.life, now) for each in (before, after)]
    deed = audit.Deed(who=who, action=f"alarm.{_what(happening)}", thing=f"alarm/{alarm}", before=states[0], after=states[1])
    audit.record(conn, deed, now)
    return after


def comment(conn: Connection, site: str, alarm: str, who: str, words: str, now: datetime) -> None:
    """A person's remark, in the alarm's journal. Raises Refused when there is none of that name, or nothing is said."""
    about, said = one(conn, site, alarm), words.strip()
    if not said:
        raise Refused(f"{alarm}: a comment needs words")
    state, priority = life.state(about.life, now), about.life.priority
    line = book.Entry(
        site=site,
        alarm=alarm,
        thing=about.thing,
        what="commented",
        state=state,
        priority=priority,
        at=now,
        who=who,
        reason=said,
    )
    book.note(conn, [line])
    changes.log(conn, site, "alarm", alarm, now)
    audit.record(conn, audit.Deed(who=who, action="alarm.commented", thing=f"alarm/{alarm}", after=said), now)


def end_shelving(conn: Connection, now: datetime) -> int:
    """Note the shelvings that are over, so that open pages show the alarms again; how many."""
    rows = book.shelved_before(conn, now)
    for row in rows:
        before = _standing(row)
        _keep(conn, replace(before, life=replace(before.life, shelved_until=None, shelved_by=None, reason=None)), None, now)
    return len(rows)


def one(conn: Connection, site: str, alarm: str) -> Standing:
    """The alarm of that name. Raises Refused."""
    row = book.of(conn, site, {alarm}).get(alarm)
    if row is None:
        raise Refused(f"there is no alarm {alarm!r} at {site}")
    return _standing(row)


def all_standing(conn: Connection, site: str, thing: str | None = None) -> list[Standing]:
    """Every alarm that a site, or one thing of it, ever had."""
    return [_standing(row) for row in book.all_of(conn, site, thing)]


def open_standing(conn: Connection, site: str) -> list[Standing]:
    """Those that are not plainly over: they hold, wait for a person, or are put away."""
    return [_standing(row) for row in book.open_of(conn, site)]


def _new(site: str, told: Told) -> Standing:
    return Standing(site=site, noun=told.noun, thing=told.thing, rule=told.rule, life=Alarm())


def _standing(row: RowMapping) -> Standing:
    lived = Alarm(**{name: row[name] for name in _STATE})
    own = {name: row[name] for name in ("site", "noun", "thing", "rule", "device", "sequence")}
    return Standing(**own, life=lived)


def _keep(conn: Connection, after: Standing, happening: Happening | None, now: datetime) -> None:
    row = {"site": after.site, "alarm": after.alarm, "noun": after.noun, "thing": after.thing, "rule": after.rule}
    book.put(conn, [row | asdict(after.life) | {"device": after.device, "sequence": after.sequence}])
    what, at = _what(happening), happening.at if happening else now
    who, reason = getattr(happening, "who", None), getattr(happening, "reason", None) or getattr(happening, "rule", None)
    state = life.state(after.life, now)
    entry = book.Entry(
        site=after.site,
        alarm=after.alarm,
        thing=after.thing,
        what=what,
        state=state,
        priority=after.life.priority,
        at=at,
        who=who,
        reason=reason,
    )
    book.note(conn, [entry])
    changes.log(conn, after.site, "alarm", after.alarm, now)
    message = AlarmChanged(
        alarm=after.alarm,
        thing=after.thing,
        rule=after.rule,
        state=state,
        priority=after.life.priority,
        what=what,
        at=at,
        since=after.life.since,
        shelved_until=after.life.shelved_until,
        who=who,
        reason=reason,
    )
    saying = Saying("alarm", "changed", message, source=f"/tallyhouse/{after.site}", subject=after.alarm)
    announcements.announce_all(conn, after.site, [saying], now)


def _what(happening: Happening | None) -> str:
    """The word in the journal."""
    return "expired" if happening is None else _WORDS[type(happening)]


_WORDS: dict[type[Happening], str] = {
    life.Raised: "raised",
    life.Cleared: "cleared",
    life.Acknowledged: "acknowledged",
    life.Reset: "reset",
    life.Shelved: "shelved",
    life.Unshelved: "unshelved",
    life.Suppressed: "suppressed",
    life.OutOfService: "out_of_service",
    life.InService: "in_service",
}
