"""What landed events change: positions, conditions, readings, announcements (in the transaction that lands them)."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import Struct
from sqlalchemy import Connection

from central.floor import stock
from central.ingest import machines
from central.ingest.accept import Taken
from central.ingest.projections.sensor_history import Minute
from central.store import announcements
from central.store.announcements import Saying
from central.store.counts import Count
from central.store.facts import Fact
from protocols.messages.defect import Defect
from protocols.messages.equipment_anomaly import EquipmentAnomaly
from protocols.messages.sensor_summary import SensorSummary
from protocols.messages.shelf_count import ShelfCount

Message = TypeVar("Message", ShelfCount, Defect)


class New(Struct, frozen=True, gc=False):
    """An event that is new to the centre and the device it came from."""

    device: str
    taken: Taken


def believe(conn: Connection, site: str, landed: Sequence[New], now: datetime) -> list[Fact]:
    """Project the new events of a site, in the order given. Returns what changed."""
    counts, defects, told = _of(landed, ShelfCount), _of(landed, Defect), _told(landed)
    facts = stock.record_counts(conn, site, [_count(new, data) for new, data in counts], now) if counts else []
    if told:
        machines.remember(conn, site, [_minute(new, data) for new, data in told if isinstance(data, SensorSummary)])
        facts += machines.judge(conn, site, [(new.device, new.taken, data) for new, data in told], now)
    _announce(conn, site, defects, told, now)
    return [*facts, *_defects(site, defects)]


def _of(landed: Sequence[New], kind: type[Message]) -> list[tuple[New, Message]]:
    return [(new, data) for new in landed if isinstance(data := new.taken.data, kind)]


def _told(landed: Sequence[New]) -> list[tuple[New, SensorSummary | EquipmentAnomaly]]:
    kinds = (SensorSummary, EquipmentAnomaly)
    return [(new, data) for new in landed if isinstance(data := new.taken.data, kinds)]


def _minute(new: New, data: SensorSummary) -> Minute:
    return Minute(new.device, new.taken.event.sequence, data)


def _count(new: New, data: ShelfCount) -> Count:
    return Count(
        data.location,
        data.sku,
        data.units,
        data.confidence,
        new.taken.at,
        new.device,
        new.taken.event.sequence,
        data.units_low,
        data.units_high,
    )


def _announce(
    conn: Connection,
    site: str,
    defects: Sequence[tuple[New, Defect]],
    told: Sequence[tuple[New, SensorSummary | EquipmentAnomaly]],
    now: datetime,
) -> None:
    sayings = [_saying(site, new, "quality", "defect", f"{data.line}/{data.camera}") for new, data in defects]
    sayings += [
        _saying(site, new, "equipment", "anomaly", data.asset) for new, data in told if isinstance(data, EquipmentAnomaly)
    ]
    if sayings:
        announcements.announce_all(conn, site, sayings, now)


def _saying(site: str, new: New, domain: str, kind: str, subject: str) -> Saying:
    event = new.taken.event
    return Saying(domain, kind, event.data, source=f"/tallyhouse/{site}/{new.device}", subject=subject, id=event.id)


def _defects(site: str, defects: Sequence[tuple[New, Defect]]) -> list[Fact]:
    seen = dict.fromkeys((data.camera, data.line) for _, data in defects)
    return [Fact("defect", site, {"camera": camera, "line": line}) for camera, line in seen]
