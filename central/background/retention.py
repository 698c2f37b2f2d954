"""Forgets what is past its time: a little in each short transaction, so that what lands never waits for it.

What an open or reviewed decision rests on is kept: the events it names and the evidence behind them. What a device declared
lost is kept, and the ledger's floor says how many events stood where they were removed: its figures stay right.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, exists, func, select

from central.fleet import audit
from central.floor.keeping import PROTECTING_STATES, measured, note, protected_evidence
from central.parts import Parts
from central.store import announcements, commands, devices, identities, ledger_floors, reading_hours
from central.store.changes import changes, log
from central.store.conditions import conditions
from central.store.decisions import decision_causes, decisions
from central.store.devices import Ledger
from central.store.events import LOST, events
from central.store.evidence import evidence
from central.store.quarantine import quarantine
from central.store.readings import asset_minutes, readings
from central.store.types import instant_text

REST = timedelta(hours=1)
AT_ONCE = 500
PICTURES_AT_ONCE = 50
PAGES_AT_ONCE = 500
FREE_SHARE = 0.05  # of the file's pages stay free: they will be written again

Step = Callable[[Parts, datetime], bool]  # forgets a little; True when there is more


class Retention:
    """One small step a look; after a whole round it rests for an hour."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._steps = list(STEPS)
        self._look_at = parts.now()

    def look(self) -> None:
        """Do the next little thing, if it is time."""
        now = self._parts.now()
        if now < self._look_at:
            return
        if not self._steps[0](self._parts, now):
            self._steps.pop(0)
        if not self._steps:
            self._steps, self._look_at = list(STEPS), now + REST


def forget_changes(parts: Parts, now: datetime) -> bool:
    """What open pages have long been told."""
    return _forget_rows(parts, changes.c.id, changes.c.at < now - timedelta(days=parts.limits.changes_days))


def forget_announcements(parts: Parts, now: datetime) -> bool:
    """What was said, but what the broker must be told again."""
    with parts.writing() as conn:
        before = now - timedelta(days=parts.limits.announcements_days)
        return announcements.forget(conn, before, AT_ONCE) == AT_ONCE


def forget_quarantine(parts: Parts, now: datetime) -> bool:
    """What could not be taken in and was not seen again for long."""
    before = now - timedelta(days=parts.limits.quarantine_days)
    return _forget_rows(parts, quarantine.c.id, quarantine.c.last_seen_at < before)


def forget_events(parts: Parts, now: datetime) -> bool:
    """The oldest events of one device, up to those that came after the limit."""
    before = now - timedelta(days=parts.limits.events_days)
    with parts.reading() as conn:
        ledgers = devices.ledgers_of(conn, [device.device for device in devices.identities(conn)])
        old = ((name, upto) for name, ledger in ledgers.items() if (upto := _old_upto(conn, ledger, before)) is not None)
        device, upto = next(old, ("", 0))
    if not device:
        return False
    with parts.writing() as conn:
        _forget_upto(conn, device, upto)
    return True


def forget_minutes(parts: Parts, now: datetime) -> bool:
    """Readings by the minute, once their hours are kept."""
    before = _whole_hour(now - timedelta(days=parts.limits.readings_days))
    keys = (readings.c.site, readings.c.asset, readings.c.channel)
    return any(_roll_up(parts, key, before) for key in _old_keys(parts, keys, readings.c.started_at, before))


def forget_asset_minutes(parts: Parts, now: datetime) -> bool:
    """States and scores by the minute."""
    before = _whole_hour(now - timedelta(days=parts.limits.readings_days))
    return _forget_history(parts, asset_minutes, (asset_minutes.c.site, asset_minutes.c.asset), before)


def forget_hours(parts: Parts, now: datetime) -> bool:
    """Readings by the hour."""
    before = _whole_hour(now - timedelta(days=parts.limits.reading_hours_days))
    c = reading_hours.reading_hours.c
    return _forget_history(parts, reading_hours.reading_hours, (c.site, c.asset, c.channel), before)


def forget_evidence(parts: Parts, now: datetime) -> bool:
    """Pictures and stretches that are too old, or beyond the budget; the oldest first."""
    before = now - timedelta(days=parts.limits.evidence_days)
    budget = parts.limits.evidence_mb * 1_000_000
    c = evidence.c
    with parts.reading() as conn:
        excess = (conn.execute(select(func.sum(c.bytes))).scalar() or 0) - budget
        free = select(c.sha256, c.bytes, c.received_at).where(c.sha256.not_in(protected_evidence()))
        oldest = conn.execute(free.order_by(c.received_at).limit(PICTURES_AT_ONCE)).all()
    names = []
    for name, size, received_at in oldest:
        if received_at < before or excess > 0:
            names.append(name)
            excess -= size
    with parts.writing() as conn:
        conn.execute(delete(evidence).where(c.sha256.in_(names)))
    return len(names) == PICTURES_AT_ONCE


def forget_commands(parts: Parts, now: datetime) -> bool:
    """What devices were asked once, and their answers."""
    with parts.writing() as conn:
        return commands.forget(conn, now - timedelta(days=parts.limits.commands_days), AT_ONCE) == AT_ONCE


def forget_claims(parts: Parts, now: datetime) -> bool:
    """Codes that nobody can use any more."""
    with parts.writing() as conn:
        return identities.forget_claims(conn, now - timedelta(days=parts.limits.claims_days), AT_ONCE) == AT_ONCE


def forget_certificates(parts: Parts, now: datetime) -> bool:
    """Certificates that ended, which no revocation list needs to name."""
    with parts.writing() as conn:
        before = now - timedelta(days=parts.limits.certificates_days)
        return identities.forget_certificates(conn, before, AT_ONCE) == AT_ONCE


def give_back_space(parts: Parts, _now: datetime) -> bool:
    """Return free pages to the disk, but a share that will be written again."""
    with parts.reading() as conn:
        pages, free = _pages(conn, "page_count"), _pages(conn, "freelist_count")
    if free <= pages * FREE_SHARE:
        return False
    with closing(parts.engine.raw_connection()) as raw:
        # As a script: SQLite frees one page a step, and only a script is stepped to its end.
        raw.cursor().executescript(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})")
    with parts.reading() as conn:
        return _pages(conn, "freelist_count") < free  # a database that was made otherwise keeps its size, and uses the space


def measure(parts: Parts, now: datetime) -> bool:
    """Note how much is kept of each noun, for the page that shows it."""
    with parts.reading() as conn:
        found = measured(conn)
    with parts.writing() as conn:
        note(conn, found, now)
        log(conn, "", "kept", "house", now)
    return False


STEPS: tuple[Step, ...] = (
    forget_changes,
    forget_announcements,
    forget_quarantine,
    forget_events,
    forget_minutes,
    forget_asset_minutes,
    forget_hours,
    forget_evidence,
    forget_commands,
    forget_claims,
    forget_certificates,
    give_back_space,
    measure,
)


def cited_events() -> ColumnElement[bool]:
    """Whether an event is named by an open or reviewed decision, or by a machine's condition."""
    c = decision_causes.c
    same = (c.device == events.c.device) & (c.sequence == events.c.sequence)
    by_decision = exists().where(same, decisions.c.id == c.decision, decisions.c.state.in_(PROTECTING_STATES))
    by_condition = exists().where(conditions.c.device == events.c.device, conditions.c.sequence == events.c.sequence)
    return by_decision | by_condition


def _pages(conn: Connection, what: str) -> int:
    return int(conn.exec_driver_sql(f"PRAGMA {what}").scalar_one())


def _forget_rows(parts: Parts, key: Column[int], old: ColumnElement[bool]) -> bool:
    with parts.writing() as conn:
        some = select(key).where(old).order_by(key).limit(AT_ONCE)
        return conn.execute(delete(key.table).where(key.in_(some))).rowcount == AT_ONCE


def _old_upto(conn: Connection, ledger: Ledger, before: datetime) -> int | None:
    c = events.c
    floor, _ = ledger_floors.of(conn, ledger.device)
    rows = select(c.sequence, c.received_at).where(
        c.device == ledger.device, c.sequence > floor, c.sequence <= ledger.cursor
    )
    upto = None
    for sequence, received_at in conn.execute(rows.order_by(c.sequence).limit(AT_ONCE)):
        if received_at >= before:
            break
        upto = int(sequence)
    return upto


def _forget_upto(conn: Connection, device: str, sequence: int) -> None:
    floor, stored = ledger_floors.of(conn, device)
    stored += audit.passed(conn, device, floor, sequence).stored
    c = events.c
    mine = (c.device == device) & c.sequence.between(floor + 1, sequence) & (c.kind != LOST)
    conn.execute(delete(events).where(mine, ~cited_events()))
    ledger_floors.put(conn, device, sequence, stored)


def _old_keys(
    parts: Parts, keys: Sequence[Column[str]], started_at: Column[datetime], before: datetime
) -> list[tuple[str, ...]]:
    with parts.reading() as conn:
        return [tuple(row) for row in conn.execute(select(*keys).where(started_at < before).group_by(*keys))]


def _roll_up(parts: Parts, key: tuple[str, ...], before: datetime) -> bool:
    c = readings.c
    site, asset, channel = key
    mine = (c.site == site) & (c.asset == asset) & (c.channel == channel)
    with parts.writing() as conn:
        oldest = _whole_hour(conn.execute(select(func.min(c.started_at)).where(mine)).scalar_one())
        until = min(before, oldest + timedelta(hours=AT_ONCE // 60))
        reading_hours.roll_up(conn, (site, asset, channel), instant_text(oldest), instant_text(until))
        conn.execute(delete(readings).where(mine, c.started_at < until))
    return until < before


def _forget_history(parts: Parts, table: Table, keys: Sequence[Column[str]], before: datetime) -> bool:
    started_at = table.c.started_at
    old = _old_keys(parts, keys, started_at, before)
    for key in old:
        with parts.writing() as conn:
            mine = [column == value for column, value in zip(keys, key, strict=True)]
            some = select(started_at).where(*mine, started_at < before).order_by(started_at).limit(AT_ONCE)
            conn.execute(delete(table).where(*mine, started_at.in_(some)))
    return bool(old)


def _whole_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
