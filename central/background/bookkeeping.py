"""Each day's account of every device, written once when the day is over, and noted as complete when the rest has come."""

from datetime import datetime

import structlog

from central.background.shelf_hours import keep_shelf_hours
from central.fleet import ledger_record
from central.fleet.ledger import completeness
from central.parts import Parts
from central.store import changes, devices, ledger_days
from central.store.ledger_days import LedgerDay

log = structlog.get_logger()


def keep_books(parts: Parts, now: datetime) -> int:
    """Record the days that are over, and settle those that had waited; how many rows changed.

    Counting may take a while and holds no lock; each device's days are written in a short transaction.
    """
    with parts.reading() as conn:
        known = devices.identities(conn)
        last = ledger_days.newest(conn)
    fresh = [day for device in known for day in _recorded(parts, device, last.get(device.device), now)]
    return len(fresh) + _settled(parts, now) + keep_shelf_hours(parts, now)


def _recorded(parts: Parts, device: devices.Device, last: LedgerDay | None, now: datetime) -> list[LedgerDay]:
    days = ledger_record.due_days(device, last, now)
    if not days:
        return []
    with parts.reading() as conn:
        ledger = devices.ledgers_of(conn, [device.device])[device.device]
        (account,) = completeness(conn, device.device)
        rows = ledger_record.record(conn, ledger, account, last, days, now)
    with parts.writing() as conn:
        ledger_days.add(conn, rows)
        changes.log(conn, device.site, "ledger_day", device.device, now)
    for row in rows:
        if row.unaccounted:
            remedy = "run `tallyhouse ledger`; restore a backup, and the device sends again what it still holds"
            log.error("ledger_unaccounted", device=row.device, day=str(row.day), events=row.unaccounted, remedy=remedy)
    return rows


def _settled(parts: Parts, now: datetime) -> int:
    with parts.reading() as conn:
        if not ledger_days.has_open(conn):
            return 0
        names = [device.device for device in devices.identities(conn)]
        cursors = {name: ledger.cursor for name, ledger in devices.ledgers_of(conn, names).items()}
    with parts.writing() as conn:
        return sum(ledger_days.complete(conn, device, cursor, now) for device, cursor in cursors.items())
