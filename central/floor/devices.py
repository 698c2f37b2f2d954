"""How each edge device is: what it last said of itself and what the ledger says of its events."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, func, select

from central.store.boots import boots
from central.store.devices import devices, ledgers
from central.store.quarantine import quarantine
from protocols.messages.device import Birth, Health, Reported, SourceHealth

SILENT_AFTER = timedelta(minutes=2)
QUARANTINE_SHOWN = timedelta(hours=24)
Said = TypeVar("Said", Birth, Health, Reported)


@dataclass(frozen=True, kw_only=True)
class DeviceState:
    """One device. `missing` events have a gap before them; `quarantined` ones came and could not be taken in.

    news: alarms and defects that overtook a backlog; redated: events that stand under another time than the device said.
    """

    device: str
    label: str
    added_at: datetime
    online: bool
    birth: Birth | None
    health: Health | None
    reported: Reported | None
    heard_at: datetime | None
    cursor: int
    highest_seen: int
    stored: int
    duplicates: int
    quarantined: int
    declared_lost: int
    news: int
    ahead: int
    redated: int

    @property
    def taken_upto(self) -> int:
        """The highest sequence that is here, in order or ahead: a new outbox must begin behind it."""
        return max(self.cursor, self.ahead)

    @property
    def missing(self) -> int:
        """Events that the device has spoken past and that are not here: it will send them again."""
        return max(0, self.highest_seen - self.cursor)

    @property
    def sources_lost(self) -> list[SourceHealth]:
        """Cameras and buses that the device cannot read."""
        return [source for source in self.health.sources if source.state == "lost"] if self.health else []

    @property
    def dropped(self) -> int:
        """Frames and readings that came too fast to be looked at."""
        return sum(source.dropped for source in self.health.sources) if self.health else 0

    @property
    def models(self) -> list[str]:
        """The models it runs, each once: as it reports those that were released since it was born, else as announced."""
        since = {kind: state.model for kind, state in (self.reported.models if self.reported else {}).items()}
        run = {since.get(task.kind) or task.model for task in (self.birth.tasks if self.birth else ())}
        return sorted(model for model in run if model)

    def is_silent(self, now: datetime) -> bool:
        """Whether it was heard before and is not any more."""
        return self.heard_at is not None and (not self.online or now - self.heard_at > SILENT_AFTER)


@dataclass(frozen=True)
class SetAside:
    """One message in quarantine: why it could not be taken in, and the remedy."""

    id: int
    reason: str
    detail: str
    topic: str
    device: str | None
    sequence: int | None
    first_seen_at: datetime
    last_seen_at: datetime
    times: int
    bytes: int


def all_devices(conn: Connection, site: str) -> list[DeviceState]:
    """Every device of a site that may speak, by name."""
    names = [name for name in DeviceState.__dataclass_fields__ if name not in {"device", "redated"}]
    both = {column.name: column for column in (*devices.c, *ledgers.c)}
    redated = select(func.coalesce(func.sum(boots.c.redated), 0)).where(boots.c.device == devices.c.device)
    columns = (devices.c.device, *(both[name] for name in names), redated.scalar_subquery().label("redated"))
    rows = select(*columns).select_from(devices.outerjoin(ledgers))
    mine = (devices.c.site == site) & devices.c.revoked_at.is_(None)
    return [_state(dict(row)) for row in conn.execute(rows.where(mine).order_by(devices.c.device)).mappings()]


def set_aside(conn: Connection, most: int = 100) -> list[SetAside]:
    """What is in quarantine, newest first."""
    columns = [quarantine.c[name] for name in SetAside.__dataclass_fields__ if name != "bytes"]
    size = func.length(quarantine.c.payload).label("bytes")
    rows = select(*columns, size).order_by(quarantine.c.last_seen_at.desc()).limit(most)
    return [SetAside(**row) for row in conn.execute(rows).mappings()]


def set_aside_since(conn: Connection, since: datetime) -> dict[str, int]:
    """How many messages each device had set aside since a moment; those of nobody under an empty name."""
    who = func.coalesce(quarantine.c.device, "")
    rows = select(who, func.count()).where(quarantine.c.last_seen_at >= since).group_by(who)
    return {str(device): int(times) for device, times in conn.execute(rows)}


def _state(row: dict[str, object]) -> DeviceState:
    counted = {name: row[name] or 0 for name in ledgers.c.keys() if name in row and name != "device"}  # noqa: SIM118
    said = {
        "birth": _said(Birth, row["birth"]),
        "health": _said(Health, row["health"]),
        "reported": _said(Reported, row["reported"]),
    }
    return DeviceState(**{**row, **counted, **said})  # type: ignore[arg-type]  # a row of the two tables


def _said(kind: type[Said], words: object) -> Said | None:
    """What a device said, None when it said nothing or an older version wrote it down otherwise."""
    try:
        return None if words is None else msgspec.convert(words, kind, strict=False)
    except msgspec.ValidationError:
        return None
