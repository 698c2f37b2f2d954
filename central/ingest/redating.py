"""Stored events of a boot get the time at which they occurred, once it is known, and with them what was made of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from central.floor import stock
from central.ingest import dating, machines
from central.ingest.machines import Moved
from central.store import changes, counts, events
from central.store.boots import Boot
from central.store.events import Undated
from central.store.facts import Fact
from protocols.messages.equipment_anomaly import EquipmentAnomaly
from protocols.messages.registry import read_data
from protocols.messages.sensor_summary import SensorSummary

Redated = tuple[Undated, datetime]  # a stored event, and when it occurred


def redate(conn: Connection, boot: Boot, now: datetime) -> tuple[int, list[Fact]]:
    """Date the unsure events of a boot by what is known now: how many more than before stand under a time of the centre's,
    and what changed by it."""
    stored = events.undated(conn, boot.device, boot.boot, boot.first_sequence or 1)
    moved = [(one, at) for one in stored if (at := _at(boot, one)) != one.occurred_at]
    events.redate(conn, boot.device, [(one.sequence, at, None if at == one.said else one.said) for one, at in moved])
    facts: list[Fact] = []
    for site, here in _by_site(moved).items():
        facts += _counts(conn, site, boot.device, here, now)
        facts += machines.redate(conn, site, boot.device, list(_sensed(here)), now)
        changes.log_all(conn, [(site, "event", kind) for kind in {one.kind for one, _ in here}], now)
    return sum((at != one.said) - (one.said_at is not None) for one, at in moved), facts


def _at(boot: Boot, one: Undated) -> datetime:
    return dating.occurred_at(boot, one.clock, one.said, one.monotonic_ms, one.received_at)


def _by_site(moved: Iterable[Redated]) -> dict[str, list[Redated]]:
    sites: dict[str, list[Redated]] = defaultdict(list)
    for one in moved:
        sites[one[0].site].append(one)
    return sites


def _counts(conn: Connection, site: str, device: str, moved: Sequence[Redated], now: datetime) -> list[Fact]:
    counted = [(one.sequence, at) for one, at in moved if one.kind == "shelf_count/1"]
    places = counts.redate(conn, device, counted)
    return stock.look_again(conn, site, places, now) if places else []


def _sensed(moved: Iterable[Redated]) -> Iterator[Moved]:
    for one, at in moved:
        data = read_data(one.kind, one.data.encode()) if one.kind in machines.KINDS else None
        if isinstance(data, EquipmentAnomaly | SensorSummary):
            yield Moved(one.sequence, data, one.occurred_at - one.said, at - one.said, one.occurred_at, at)
