"""What landed events change: positions, conditions, readings, announcements (in the transaction that lands them)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from central.floor import stock
from central.ingest import alarms, machines
from central.ingest.accept import Taken
from central.ingest.projections.machine_condition import Word, later
from central.ingest.projections.sensor_history import Minute
from central.store import announcements
from central.store.announcements import Saying
from central.store.counts import Count
from central.store.facts import Fact
from protocols.messages.defect import Defect
from protocols.messages.equipment_anomaly import EquipmentAnomaly
from protocols.messages.sensor_summary import SensorSummary
from protocols.messages.shelf_count import ShelfCount

New = tuple[str, Taken]  # an event that is new to the centre, and the device it came from


@dataclass
class _Sorted:
    """New events by what they say, each kind in the order given."""

    counts: list[Count] = field(default_factory=list)
    defects: list[tuple[str, Taken, Defect]] = field(default_factory=list)
    told: list[Word] = field(default_factory=list)
    anomalies: list[tuple[str, Taken, str]] = field(default_factory=list)


def believe(conn: Connection, site: str, landed: Iterable[New], now: datetime) -> list[Fact]:
    """Project the new events of a site, in the order given. Returns what changed."""
    new = _sorted(landed)
    facts = stock.record_counts(conn, site, new.counts, now) if new.counts else []
    if new.told:
        machines.remember(
            conn, site, [_minute(word, word.data) for word in new.told if isinstance(word.data, SensorSummary)]
        )
        facts += machines.judge(conn, site, new.told, now)
        alarms.hear(conn, site, new.told, now)
    _announce(conn, site, new, now)
    return [*facts, *_defects(site, new)]


def _sorted(landed: Iterable[New]) -> _Sorted:
    new = _Sorted()
    for device, taken in landed:
        data = taken.data
        if isinstance(data, ShelfCount):
            new.counts.append(_count(device, taken, data))
        elif isinstance(data, Defect):
            new.defects.append((device, taken, data))
        elif isinstance(data, (SensorSummary, EquipmentAnomaly)):
            if isinstance(data, EquipmentAnomaly):
                new.anomalies.append((device, taken, data.asset))
            new.told.append(Word(device, taken.event.sequence, taken.at, taken.at - taken.event.occurred_at, data))
    return new


def _minute(word: Word, data: SensorSummary) -> Minute:
    return Minute(word.device, word.sequence, later(data.started_at, word.by), data)


def _count(device: str, taken: Taken, data: ShelfCount) -> Count:
    return Count(
        data.location,
        data.sku,
        data.units,
        data.confidence,
        taken.at,
        device,
        taken.event.sequence,
        data.units_low,
        data.units_high,
    )


def _announce(conn: Connection, site: str, new: _Sorted, now: datetime) -> None:
    sayings = [
        _saying(site, device, taken, "quality", "defect", f"{data.line}/{data.camera}")
        for device, taken, data in new.defects
    ]
    sayings += [_saying(site, device, taken, "equipment", "anomaly", asset) for device, taken, asset in new.anomalies]
    if sayings:
        announcements.announce_all(conn, site, sayings, now)


def _saying(site: str, device: str, taken: Taken, domain: str, kind: str, subject: str) -> Saying:
    event = taken.event
    return Saying(domain, kind, event.data, source=f"/tallyhouse/{site}/{device}", subject=subject, id=event.id)


def _defects(site: str, new: _Sorted) -> list[Fact]:
    seen = dict.fromkeys((data.camera, data.line) for _, _, data in new.defects)
    return [Fact("defect", site, {"camera": camera, "line": line}) for camera, line in seen]
