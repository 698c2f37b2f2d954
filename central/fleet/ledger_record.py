"""The daily record: each device's account of every day that is over, written once, missed days included."""

from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from central.fleet import audit
from central.fleet.ledger import Completeness
from central.store import ledger_days
from central.store.devices import Device, Ledger
from central.store.ledger_days import LedgerDay, Verdict

GRACE = timedelta(minutes=10)  # what was on its way at midnight may still come
LONGEST_LOOK_BACK = timedelta(days=30)


def due_days(device: Device, last: LedgerDay | None, now: datetime) -> list[date]:
    """The days of a device that are over and not on record, oldest first, thirty at most."""
    newest = (now - GRACE).date() - timedelta(days=1)
    first = last.day + timedelta(days=1) if last else device.added_at.date()
    return list(audit.days_between(max(first, newest - LONGEST_LOOK_BACK + timedelta(days=1)), newest))


def record(
    conn: Connection, ledger: Ledger, account: Completeness, last: LedgerDay | None, days: list[date], now: datetime
) -> list[LedgerDay]:
    """The accounts of `days`, in order. What cannot be told apart by day (duplicates, what is wrong) is told of the last."""
    if not days:
        return []
    found = audit.audit(conn, ledger)
    opening = (
        last.closing if last else audit.closing_on(conn, ledger.device, 0, ledger.cursor, audit.end_of(_before(days[0])))
    )
    opening = min(opening, ledger.cursor)  # a restored house may stand before its own record
    rows: list[LedgerDay] = []
    for day in days:
        is_last = day == days[-1]
        closing = audit.closing_on(conn, ledger.device, opening, ledger.cursor, audit.end_of(day))
        if is_last and not audit.has_rows_after(conn, ledger.device, closing, ledger.cursor):
            closing = ledger.cursor  # the tail was set aside whole: it has no rows
        passed = audit.passed(conn, ledger.device, opening, closing)
        missing = missing_of(account, ledger.cursor, audit.end_of(day), now) if is_last else 0
        unaccounted = found.unaccounted if is_last else 0
        rows.append(
            LedgerDay(
                device=ledger.device,
                day=day,
                opening=opening,
                closing=closing,
                stored=passed.stored,
                declared_lost=passed.lost,
                quarantined=passed.quarantined,
                duplicates=max(0, ledger.duplicates - ledger_days.duplicates_of(conn, ledger.device)) if is_last else 0,
                missing=missing,
                unaccounted=unaccounted,
                verdict=verdict(missing, unaccounted, passed.lost),
                recorded_at=now,
            )
        )
        opening = closing
    return rows


def verdict(missing: int, unaccounted: int, lost: int) -> Verdict:
    """What a day comes to: anything that is not here and was not declared makes it incomplete."""
    if missing or unaccounted:
        return "incomplete"
    return "declared_loss" if lost else "complete"


def missing_of(account: Completeness, cursor: int, end: datetime, now: datetime) -> int:
    """How many events the device numbered before `end` that are not here, by what it last said of its queue.

    Its oldest unsent event is dated by its age when that was said; one that is younger than `end` belongs to the next day.
    """
    if account.expected <= cursor or not account.oldest_unsent_age_s:
        return 0
    said_at = account.heard_at or now
    is_older = said_at - timedelta(seconds=account.oldest_unsent_age_s) < end
    return account.expected - cursor if is_older else 0


def _before(day: date) -> date:
    return day - timedelta(days=1)
