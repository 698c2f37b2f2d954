"""The completeness ledger: of all that a device ever numbered, what is here, on its way, or declared lost."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from central.fleet import audit
from central.store.devices import devices, ledgers

SILENT_AFTER = timedelta(minutes=2)


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
    online: bool = True

    def silent_since(self, now: datetime) -> datetime | None:
        """When a device that was heard before was heard last, if it is not heard any more."""
        is_silent = self.heard_at is not None and (not self.online or now - self.heard_at > SILENT_AFTER)
        return self.heard_at if is_silent else None


@dataclass(frozen=True)
class DeclaredLoss:
    """What a device gave up for one reason: so many events, by kind as far as it knew."""

    reason: str
    events: int
    kinds: Mapping[str, int]


def completeness(conn: Connection, device: str | None = None, site: str | None = None) -> list[Completeness]:
    """The accounts of every device by name, of those at a site, or of one."""
    c = devices.c
    query = select(ledgers, c.site, c.health, c.heard_at, c.online).join_from(ledgers, devices)
    if device is not None:
        query = query.where(ledgers.c.device == device)
    if site is not None:
        query = query.where(c.site == site)
    return [_account(row) for row in conn.execute(query.order_by(ledgers.c.device))]


def declared(conn: Connection, device: str) -> list[DeclaredLoss]:
    """What a device declared lost, by reason, most first."""
    numbers: Counter[str] = Counter()
    kinds: dict[str, Counter[str]] = {}
    for lost in audit.losses_of(conn, device):
        numbers[lost.reason] += lost.last - lost.first + 1
        kinds.setdefault(lost.reason, Counter()).update(lost.kinds)
    return [DeclaredLoss(reason, n, dict(kinds[reason])) for reason, n in numbers.most_common()]


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
        online=row.online,
    )
