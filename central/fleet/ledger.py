"""The completeness ledger: of all that a device ever numbered, what is here, on its way, or declared lost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from central.store.devices import devices, ledgers


@dataclass(frozen=True)
class Completeness:
    """Accounts of one device, in events, but gaps in batches.

    expected: its highest number, as far as the centre was told. missing = expected - stored - quarantined - declared_lost:
    still with the device. unsent: what the device said last of its outbox, None before the first health message.
    """

    device: str
    site: str
    expected: int
    stored: int
    missing: int
    quarantined: int
    declared_lost: int
    duplicates: int
    late: int
    gaps: int
    unsent: int | None
    unsent_bytes: int | None
    oldest_unsent_age_s: float | None
    heard_at: datetime | None


def completeness(conn: Connection, device: str | None = None) -> list[Completeness]:
    """The accounts of every device by name, or of one."""
    query = select(ledgers, devices.c.site, devices.c.health, devices.c.heard_at).join_from(ledgers, devices)
    if device is not None:
        query = query.where(ledgers.c.device == device)
    return [_account(row) for row in conn.execute(query.order_by(ledgers.c.device))]


def _account(row: Row[Any]) -> Completeness:
    outbox: Mapping[str, Any] = (row.health or {}).get("outbox", {})
    expected = max(row.cursor, row.highest_seen, outbox.get("last_sequence", 0))
    return Completeness(
        device=row.device,
        site=row.site,
        expected=expected,
        stored=row.stored,
        missing=expected - row.stored - row.quarantined - row.declared_lost,
        quarantined=row.quarantined,
        declared_lost=row.declared_lost,
        duplicates=row.duplicates,
        late=row.late,
        gaps=row.gaps,
        unsent=outbox.get("count"),
        unsent_bytes=outbox.get("bytes"),
        oldest_unsent_age_s=outbox.get("oldest_age_s"),
        heard_at=row.heard_at,
    )
