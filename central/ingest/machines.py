"""What landed events say of machines: their history by minute, and their condition (in the landing transaction)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, convert, to_builtins
from msgspec.structs import asdict
from sqlalchemy import Connection

from central.ingest.projections import machine_condition, sensor_history
from central.ingest.projections.machine_condition import Condition, Word, later
from central.ingest.projections.sensor_history import Minute
from central.store import changes, conditions, readings
from central.store.facts import Fact
from central.store.types import instant_texts
from protocols.messages.equipment_anomaly import EquipmentAnomaly
from protocols.messages.sensor_summary import SensorSummary

KINDS = frozenset({"equipment_anomaly/1", "sensor_summary/1"})


class Moved(Struct, frozen=True):
    """A stored event about a machine that occurred at another time than was believed; `by`: later than the device said."""

    sequence: int
    data: EquipmentAnomaly | SensorSummary
    was_by: timedelta
    by: timedelta
    was_at: datetime
    at: datetime


def remember(conn: Connection, site: str, minutes: Sequence[Minute]) -> None:
    """Keep what the channels did."""
    kept = sensor_history.newest(minutes)
    starts = instant_texts(minute.started_at for minute in kept)
    dated = list(zip(kept, starts, strict=True))
    channels = [row for minute, start in dated for row in _channel_rows(site, minute.data, start)]
    readings.put(conn, channels, [_minute_row(site, minute, start) for minute, start in dated])


def judge(conn: Connection, site: str, told: Sequence[Word], now: datetime) -> list[Fact]:
    """Bring conditions up to date. Returns a fact for each machine whose condition is another than before."""
    before = _stored(conn, site, {word.data.asset for word in told})
    return _fold(conn, site, before, before, told, now)


def redate(conn: Connection, site: str, device: str, moved: Sequence[Moved], now: datetime) -> list[Fact]:
    """Bring history and conditions up to date with events that occurred at other times than was believed."""
    readings.move(conn, site, [_window(one, one.data) for one in moved if isinstance(one.data, SensorSummary)])
    before = _stored(conn, site, {one.data.asset for one in moved})
    onsets = {later(since, one.was_by): later(since, one.by) for one in moved if (since := _since(one.data)) is not None}
    times = onsets | {one.was_at: one.at for one in moved}
    mine = {name: machine_condition.redated(state, times) for name, state in before.items() if state.device == device}
    words = [Word(device, one.sequence, one.at, one.by, one.data) for one in sorted(moved, key=_moment)]
    return _fold(conn, site, before, {**before, **mine}, words, now)


def _fold(
    conn: Connection,
    site: str,
    before: Mapping[str, Condition],
    known: Mapping[str, Condition],
    told: Sequence[Word],
    now: datetime,
) -> list[Fact]:
    after = dict(known)
    for word in told:
        state = after.get(word.data.asset) or machine_condition.unknown(word)
        after[word.data.asset] = machine_condition.after(state, word)
    changed = {machine: state for machine, state in after.items() if state is not before.get(machine)}
    conditions.put(conn, [_condition_row(site, state) for state in changed.values()])
    changes.log_all(conn, [(site, "condition", machine) for machine in changed], now)
    news = [machine for machine, state in changed.items() if machine_condition.is_news(before.get(machine), state)]
    return [Fact("machine_condition", site, {"machine": machine}) for machine in news]


def _since(data: EquipmentAnomaly | SensorSummary) -> datetime | None:
    return data.since if isinstance(data, EquipmentAnomaly) else None


def _window(one: Moved, data: SensorSummary) -> tuple[str, datetime, datetime]:
    return data.asset, later(data.started_at, one.was_by), later(data.started_at, one.by)


def _moment(one: Moved) -> datetime:
    return one.at


def _stored(conn: Connection, site: str, machines: set[str]) -> dict[str, Condition]:
    rows = conditions.of(conn, site, machines)
    # By our own names: a column called `limit` comes back under a quoted kind of text that msgspec does not take for a str.
    names = Condition.__struct_fields__
    return {machine: convert({name: row[name] for name in names}, Condition) for machine, row in rows.items()}


def _condition_row(site: str, state: Condition) -> dict[str, object]:
    channels = None if state.channels is None else to_builtins(state.channels)
    return {"site": site, **asdict(state), "channels": channels}


def _channel_rows(site: str, data: SensorSummary, start: str) -> list[readings.ReadingRow]:
    return [
        (site, data.asset, c.channel, start, c.unit, c.n, c.min, c.mean, c.max, c.rms, c.expected_low, c.expected_high)
        for c in data.channels
    ]


def _minute_row(site: str, minute: Minute, start: str) -> readings.MinuteRow:
    data = minute.data
    judged = (data.state, data.score, data.limit, data.learned)
    return (site, data.asset, start, data.window_s, *judged, minute.device, minute.sequence)
