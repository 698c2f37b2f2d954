"""What landed events say of machines: their history by minute, and their condition (in the landing transaction)."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import convert, to_builtins
from msgspec.structs import asdict
from sqlalchemy import Connection

from central.ingest.accept import Taken
from central.ingest.projections import machine_condition, sensor_history
from central.ingest.projections.machine_condition import Condition
from central.ingest.projections.sensor_history import Minute
from central.store import changes, conditions, readings
from central.store.facts import Fact
from central.store.types import instant_texts
from protocols.messages.equipment_anomaly import EquipmentAnomaly
from protocols.messages.sensor_summary import SensorSummary

Told = tuple[str, Taken, EquipmentAnomaly | SensorSummary]  # by which device, in which event


def remember(conn: Connection, site: str, minutes: Sequence[Minute]) -> None:
    """Keep what the channels did."""
    kept = sensor_history.newest(minutes)
    starts = instant_texts(minute.data.started_at for minute in kept)
    dated = list(zip(kept, starts, strict=True))
    channels = [row for minute, start in dated for row in _channel_rows(site, minute.data, start)]
    readings.put(conn, channels, [_minute_row(site, minute, start) for minute, start in dated])


def judge(conn: Connection, site: str, told: Sequence[Told], now: datetime) -> list[Fact]:
    """Bring conditions up to date. Returns a fact for each machine whose condition is another than before."""
    before = _stored(conn, site, {data.asset for _, _, data in told})
    after = dict(before)
    for device, taken, data in told:
        state = after.get(data.asset) or machine_condition.unknown(data.asset, device, taken)
        after[data.asset] = machine_condition.after(state, device, taken, data)
    changed = {machine: state for machine, state in after.items() if state is not before.get(machine)}
    conditions.put(conn, [_condition_row(site, state) for state in changed.values()])
    changes.log_all(conn, [(site, "condition", machine) for machine in changed], now)
    news = [machine for machine, state in changed.items() if machine_condition.is_news(before.get(machine), state)]
    return [Fact("machine_condition", site, {"machine": machine}) for machine in news]


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
