"""How things went over a time: counts and book of a shelf, channels and anomalies of a machine, a day's figures."""

from dataclasses import dataclass
from datetime import UTC, datetime, time

from sqlalchemy import ColumnElement, Connection, Integer, cast, func, select

from central.floor.seen import Seen, newest
from central.store.counts import counts
from central.store.decisions import decisions
from central.store.devices import devices
from central.store.events import events
from central.store.movements import movements
from central.store.positions import positions
from central.store.readings import readings
from protocols.messages.equipment_anomaly import EquipmentAnomaly

MOST_POINTS = 300
MOST_ANOMALIES = 500


@dataclass(frozen=True)
class Counted:
    """One count: units seen at a moment; `is_wrong` when a person said so."""

    at: datetime
    units: int
    confidence: float
    device: str
    sequence: int
    is_wrong: bool


@dataclass(frozen=True)
class Moved:
    """One movement at a place, with the book after it."""

    at: datetime
    kind: str
    quantity: int
    book: int
    source: str


@dataclass(frozen=True)
class Point:
    """One channel over one stretch of time: mean and what was expected."""

    at: datetime
    mean: float | None
    low: float | None
    high: float | None
    expected_low: float | None
    expected_high: float | None


@dataclass(frozen=True)
class Channel:
    """What one sensor of a machine showed, oldest first."""

    name: str
    unit: str
    points: list[Point]


@dataclass(frozen=True)
class Anomaly:
    """A stretch in which a machine did not behave as learned; `ended_at` is None while it lasts."""

    onset: Seen
    started_at: datetime
    ended_at: datetime | None
    severity: str
    rule: str


@dataclass(frozen=True)
class Figures:
    """What happened since a moment."""

    counts: int
    defects: int
    anomalies: int
    proposals: int


def counts_since(conn: Connection, site: str, place: tuple[str, str], since: datetime) -> list[Counted]:
    """Counts at a (location, sku), oldest first; the newest `MOST_POINTS`."""
    here = (counts.c.site == site) & (counts.c.location == place[0]) & (counts.c.sku == place[1])
    columns = (
        counts.c.counted_at,
        counts.c.units,
        counts.c.confidence,
        counts.c.device,
        counts.c.sequence,
        counts.c.wrong_at,
    )
    rows = conn.execute(
        select(*columns).where(here & (counts.c.counted_at >= since)).order_by(counts.c.counted_at.desc()).limit(MOST_POINTS)
    ).all()
    return [
        Counted(at, units, sure, device, seq, wrong is not None) for at, units, sure, device, seq, wrong in reversed(rows)
    ]


def movements_since(conn: Connection, site: str, place: tuple[str, str], since: datetime) -> list[Moved]:
    """Movements at a (location, sku), oldest first, each with the book after it; the newest `MOST_POINTS`."""
    here = (movements.c.site == site) & (movements.c.location == place[0]) & (movements.c.sku == place[1])
    columns = (movements.c.occurred_at, movements.c.kind, movements.c.quantity, movements.c.source)
    rows = conn.execute(
        select(*columns)
        .where(here & (movements.c.occurred_at >= since))
        .order_by(movements.c.occurred_at.desc())
        .limit(MOST_POINTS)
    )
    at_place = (positions.c.site == site) & (positions.c.location == place[0]) & (positions.c.sku == place[1])
    book = int(conn.execute(select(func.coalesce(func.sum(positions.c.book), 0)).where(at_place)).scalar_one())
    found: list[Moved] = []
    for at, kind, quantity, source in rows:
        found.append(Moved(at, kind, quantity, book, source))
        book -= quantity
    return found[::-1]


def channels(conn: Connection, site: str, asset: str, since: datetime, until: datetime) -> list[Channel]:
    """Every channel of a machine, thinned to at most `MOST_POINTS` stretches of equal length."""
    bucket_s = max(1, int((until - since).total_seconds() / MOST_POINTS))
    bucket = (cast(func.strftime("%s", readings.c.started_at), Integer) / bucket_s).label("bucket")
    values = (func.avg(readings.c.mean), func.min(readings.c.min), func.max(readings.c.max))
    expected = (func.avg(readings.c.expected_low), func.avg(readings.c.expected_high))
    mine = (readings.c.site == site) & (readings.c.asset == asset)
    rows = (
        select(readings.c.channel, readings.c.unit, func.min(readings.c.started_at).label("at"), *values, *expected)
        .where(mine & (readings.c.started_at >= since) & (readings.c.started_at <= until))
        .group_by(readings.c.channel, readings.c.unit, cast(bucket, Integer))
        .order_by(readings.c.channel, "at")
    )
    found: dict[tuple[str, str], list[Point]] = {}
    for channel, unit, at, *figures in conn.execute(rows):
        found.setdefault((channel, unit), []).append(Point(at, *figures))
    return [Channel(name, unit, points) for (name, unit), points in found.items()]


def anomalies(conn: Connection, site: str, asset: str, since: datetime) -> list[Anomaly]:
    """Anomalies of a machine that reach past `since`, oldest first, each onset paired with its end."""
    found: list[Anomaly] = []
    ended_at: datetime | None = None
    for seen in newest(conn, site, "equipment_anomaly/1", MOST_ANOMALIES):  # newest first: the end comes before its onset
        message = seen.message
        if not isinstance(message, EquipmentAnomaly) or message.asset != asset:
            continue
        if message.phase == "end":
            ended_at = seen.occurred_at
            continue
        if ended_at is None or ended_at >= since:
            found.append(Anomaly(seen, message.since, ended_at, message.severity, message.rule))
        ended_at = found[-1].started_at if found else None  # whatever is older ended before this began
    return found[::-1]


def figures_since(conn: Connection, site: str, since: datetime) -> Figures:
    """Counts, defects, anomalies that began, and proposals since a moment."""
    is_onset = func.json_extract(events.c.data, "$.phase") == "onset"
    # Its devices rather than the site: they stand in the index, so that no event is read to be counted.
    mine = events.c.device.in_(select(devices.c.device).where(devices.c.site == site))
    today = mine & (events.c.occurred_at >= since)
    counted, defects = (_number(conn, today & (events.c.kind == kind)) for kind in ("shelf_count/1", "defect/1"))
    begun = _number(conn, today & (events.c.kind == "equipment_anomaly/1") & is_onset)
    made = (decisions.c.site == site) & (decisions.c.proposal.is_not(None)) & (decisions.c.decided_at >= since)
    proposals = int(conn.execute(select(func.count()).select_from(decisions).where(made)).scalar_one())
    return Figures(counted, defects, begun, proposals)


def midnight(now: datetime) -> datetime:
    """When the house's day began."""
    return datetime.combine(now.astimezone().date(), time()).astimezone(UTC)


def _number(conn: Connection, wanted: ColumnElement[bool]) -> int:
    return int(conn.execute(select(func.count()).select_from(events).where(wanted)).scalar_one())
