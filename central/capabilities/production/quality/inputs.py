"""What is known around one line: readings and conditions of the site's machines, what cameras saw of its parts, its model.

Which machines stand at a line is not on record, so those of the whole site are looked at: a machine that has nothing to do
with the line gets no weight. An hour in which no camera complained counts as one without failed parts.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import DecodeError, ValidationError
from msgspec.json import decode
from sqlalchemy import ColumnElement, Connection, String, and_, case, func, literal, select

from central.capabilities.production.quality import hours, knowledge
from central.capabilities.production.quality.hours import HOUR, Channel, Minutes, Seen, Table
from central.capabilities.production.quality.knowledge import History, Judgement, Knowledge
from central.capabilities.production.quality.model import Feature, Fitted, Inputs, Params, Risk
from central.deciding.capability import Subject
from central.deciding.outcome import Cause, Value
from central.methods.tabular import Physical
from central.store import artefacts, events
from central.store.artefacts import Artefact
from central.store.conditions import conditions
from central.store.events import Stored
from central.store.readings import asset_minutes, readings
from protocols.messages.defect import Defect

CAPABILITY = "production.quality"
DEFECT = "defect/1"
MOST_DEFECTS = 20_000
LATELY = 500
MOST_FEATURES = 60


def lines_at(conn: Connection, site: str) -> list[str]:
    """The lines whose parts a camera complained of lately."""
    return sorted({defect.line for _, defect in _defects(conn, site, None, LATELY)})


def gather(conn: Connection, line: Subject, params: Params, now: datetime) -> Inputs:
    """Everything `decide` needs, as of `now`: the risk is what the fitted model says of the last sixty minutes."""
    history = lessons(conn, line, params, now)
    known, failing = history.counts()
    seen = _seen(conn, line, now - HOUR, now)
    running = _table(conn, line.site, [part for _, part in seen], now - HOUR, now, whole=True)
    artefact = artefacts.newest(conn, line.site, CAPABILITY, line.key)
    learned = knowledge.read(artefact.body) if artefact else None
    judgement = knowledge.judged(learned, running, _last_days(history.whole, now)) if learned else None
    read_at = _read_at(conn, line.site, now)
    return Inputs(
        as_of=now,
        causes=(*_artefact_cause(artefact), *_readings_cause(read_at), *_conditions(conn, line.site), *_defect_cause(seen)),
        line=line.key,
        known_hours=known,
        failing_hours=failing,
        read_at=read_at,
        fitted=_fitted(artefact, learned),
        risk=_risk(judgement) if judgement else None,
    )


def lessons(conn: Connection, line: Subject, params: Params, now: datetime) -> History:
    """The line's whole hours, with what became of the parts of the hour after each."""
    until = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    since = until - timedelta(days=params.history_d)
    seen = [part for _, part in _seen(conn, line, since, until)]
    physical = tuple(Physical(one.name, one.kind, one.left, one.right) for one in params.physical)
    return History(_table(conn, line.site, seen, since, until), physical, params.least_hours)


def _table(
    conn: Connection, site: str, seen: Sequence[Seen], since: datetime, until: datetime, *, whole: bool = False
) -> Table:
    """Hours by the clock; with `whole` the span as one hour."""

    def hour_of(text: str) -> datetime:
        return since if whole else datetime.fromisoformat(f"{text}:00:00+00:00")

    channels = [Channel(hour_of(at), *rest) for at, *rest in _channels(conn, site, since, until, whole=whole)]
    minutes = [Minutes(hour_of(at), *rest) for at, *rest in _minutes(conn, site, since, until, whole=whole)]
    return hours.table(channels, minutes, seen, since)


def _hour(column: ColumnElement[Any], whole: bool) -> ColumnElement[str]:
    return literal("") if whole else func.substr(column, 1, 13, type_=String)


def _channels(conn: Connection, site: str, since: datetime, until: datetime, *, whole: bool) -> Sequence[Sequence[Any]]:
    c = readings.c
    hour = _hour(c.started_at, whole)
    mean = func.sum(c.n * c.mean) / func.sum(case((c.mean.is_not(None), c.n)))
    query = select(hour, c.asset, c.channel, mean, func.max(c.max))
    within = (c.site == site, c.started_at >= since, c.started_at < until, c.n > 0)
    return conn.execute(query.where(*within).group_by(hour, c.asset, c.channel)).all()


def _minutes(conn: Connection, site: str, since: datetime, until: datetime, *, whole: bool) -> Sequence[Sequence[Any]]:
    c = asset_minutes.c
    hour = _hour(c.started_at, whole)
    ran = func.sum(case((c.state.in_(("starting", "steady")), c.window_s), else_=0.0)) / 60
    strain = func.max(case((c.limit > 0, c.score / c.limit)))
    query = select(hour, c.asset, ran, strain)
    within = (c.site == site, c.started_at >= since, c.started_at < until)
    return conn.execute(query.where(*within).group_by(hour, c.asset)).all()


def _seen(conn: Connection, line: Subject, since: datetime, until: datetime) -> list[tuple[Stored, Seen]]:
    found = _defects(conn, line.site, since, MOST_DEFECTS)
    mine = [(event, defect) for event, defect in found if defect.line == line.key and event.occurred_at < until]
    return [
        (
            event,
            Seen(event.occurred_at, defect.verdict == "fail", defect.score / defect.threshold if defect.threshold else 0.0),
        )
        for event, defect in mine
    ]


def _defects(conn: Connection, site: str, since: datetime | None, limit: int) -> list[tuple[Stored, Defect]]:
    found = []
    for event in events.page(conn, site, kind=DEFECT, since=since, limit=limit):
        try:
            found.append((event, decode(event.data, type=Defect)))
        except (DecodeError, ValidationError):
            continue  # kept from a version that spoke otherwise: shown among the events, of no use here
    return found


def _last_days(whole: Table, now: datetime) -> Table:
    since = now - timedelta(hours=knowledge.RECENT_HOURS)
    rows = [row for row, hour in enumerate(whole.hours) if hour >= since]
    return Table(
        tuple(whole.hours[row] for row in rows), whole.values[rows], whole.names, whole.running[rows], whole.failed[rows]
    )


def _read_at(conn: Connection, site: str, now: datetime) -> datetime | None:
    c = asset_minutes.c
    newest = select(c.started_at).where(c.site == site, c.started_at <= now).order_by(c.started_at.desc()).limit(1)
    return conn.execute(newest).scalar_one_or_none()


def _fitted(artefact: Artefact | None, learned: Knowledge | None) -> Fitted | None:
    if artefact is None or learned is None:
        return None
    return Fitted(
        version=artefact.version,
        data_sha256=artefact.data_sha256,
        fitted_at=artefact.fitted_at,
        hours=learned.hours,
        failing_hours=learned.failing_hours,
        parts_when_failing=learned.parts_when_failing,
    )


def _risk(judgement: Judgement) -> Risk:
    """The heaviest features and those that drifted, with the rest left out of the record."""
    features = tuple(
        Feature(
            name=one.name,
            value=one.value,
            usual=one.usual,
            pull=round(one.pull, 4),
            drift=round(one.drift, 4),
            is_outside=one.is_outside,
        )
        for one in judgement.parts[:MOST_FEATURES]
    )
    return Risk(probability=judgement.probability, low=judgement.low, high=judgement.high, features=features)


def _artefact_cause(artefact: Artefact | None) -> list[Cause]:
    if artefact is None:
        return []
    values: dict[str, Value] = {
        "version": artefact.version,
        "fitted_at": artefact.fitted_at.isoformat(),
        "data": artefact.data_sha256[:12],
    }
    return [Cause("model", f"{artefact.subject}/{artefact.version}", values=values)]


def _readings_cause(read_at: datetime | None) -> list[Cause]:
    return [Cause("readings", read_at.isoformat(), values={"read_at": read_at.isoformat()})] if read_at else []


def _conditions(conn: Connection, site: str) -> list[Cause]:
    c = conditions.c
    bad = and_(c.site == site, c.condition.in_(("warning", "alarm")))
    rows = conn.execute(select(c.machine, c.condition, c.device, c.sequence).where(bad).order_by(c.machine))
    return [
        Cause("condition", row.machine, row.device, row.sequence, {"machine": row.machine, "condition": row.condition})
        for row in rows
    ]


def _defect_cause(seen: Sequence[tuple[Stored, Seen]]) -> list[Cause]:
    if not seen:
        return []
    newest, _ = seen[0]
    failed = sum(part.is_failed for _, part in seen)
    values: dict[str, Value] = {"failed": failed, "doubtful": len(seen) - failed, "seen_at": newest.occurred_at.isoformat()}
    return [Cause("defect", newest.id, newest.device, newest.sequence, values)]
