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

Message = TypeVar("Message", ShelfCount, SensorSummary, EquipmentAnomaly, Defect)


class New(Struct, frozen=True, gc=False):
    """An event that is new to the centre and the device it came from."""

    device: str
    taken: Taken


def believe(conn: Connection, site: str, landed: Sequence[New], now: datetime) -> list[Fact]:
    """Project the new events of a site, in the order given. Returns what changed."""
    counts = [_count(new, data) for new, data in _of(landed, ShelfCount)]
    minutes = [Minute(new.device, new.taken.event.sequence, data) for new, data in _of(landed, SensorSummary)]
    told = [
        (new.device, new.taken, new.taken.data)
        for new in landed
        if isinstance(new.taken.data, EquipmentAnomaly | SensorSummary)
    ]
    facts = stock.record_counts(conn, site, counts, now) if counts else []
    if told:
        machines.remember(conn, site, minutes)
        facts += machines.judge(conn, site, told, now)
    _announce(conn, site, landed, now)
    return [*facts, *_defects(site, landed)]


def _of(landed: Sequence[New], kind: type[Message]) -> list[tuple[New, Message]]:
    return [(new, new.taken.data) for new in landed if isinstance(new.taken.data, kind)]


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


def _announce(conn: Connection, site: str, landed: Sequence[New], now: datetime) -> None:
    sayings = [
        _saying(site, new, "quality", "defect", f"{data.line}/{data.camera}") for new, data in _of(landed, Defect)
    ] + [_saying(site, new, "equipment", "anomaly", data.asset) for new, data in _of(landed, EquipmentAnomaly)]
    if sayings:
        announcements.announce_all(conn, site, sayings, now)


def _saying(site: str, new: New, domain: str, kind: str, subject: str) -> Saying:
    event = new.taken.event
    return Saying(domain, kind, event.data, source=f"/tallyhouse/{site}/{new.device}", subject=subject, id=event.id)


def _defects(site: str, landed: Sequence[New]) -> list[Fact]:
    seen = dict.fromkeys((data.camera, data.line) for _, data in _of(landed, Defect))
    return [Fact("defect", site, {"camera": camera, "line": line}) for camera, line in seen]
