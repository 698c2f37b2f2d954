"""Whether the ledger tells the truth: its figures held against the rows that are really there, and each day's account.

The ledger says cursor = stored + quarantined + declared lost. Counted here: rows up to the cursor; news beyond it count once
the cursor passes them, also where a loss was declared around them. What retention removed is known by its floor. A row that
vanished from the database is what the ledger counted and this does not find.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from msgspec import convert
from msgspec.json import decode
from sqlalchemy import Connection, func, select

from central.store import ledger_floors
from central.store.devices import Ledger
from central.store.events import LOST, events
from protocols.messages.lost import Lost


@dataclass(frozen=True)
class Audit:
    """One device's ledger against the database, in events.

    stored: what the ledger counted; counted: what is there, with what retention removed. imbalance: cursor less stored,
    quarantined and declared lost; zero unless the ledger itself is broken.
    """

    device: str
    cursor: int
    stored: int
    counted: int
    imbalance: int

    @property
    def unaccounted(self) -> int:
        """Events that the ledger counted and the database does not hold; negative: rows that no ledger counted."""
        return self.stored - self.counted or self.imbalance

    @property
    def is_right(self) -> bool:
        """Whether every event that was acknowledged is where it should be."""
        return self.unaccounted == 0


@dataclass(frozen=True)
class Passed:
    """What the cursor passed between two points: `stored` events, `lost` by declaration; the rest was quarantined."""

    opening: int
    closing: int
    stored: int
    lost: int

    @property
    def quarantined(self) -> int:
        """Events of the range that lie in quarantine."""
        return self.closing - self.opening - self.stored - self.lost


def audit(conn: Connection, ledger: Ledger) -> Audit:
    """Count the rows of one device. `conn` must see ledger and rows at one moment."""
    floor, stored_below = ledger_floors.of(conn, ledger.device)
    found = passed(conn, ledger.device, floor, ledger.cursor)
    imbalance = ledger.cursor - ledger.stored - ledger.quarantined - ledger.declared_lost
    return Audit(ledger.device, ledger.cursor, ledger.stored, stored_below + found.stored, imbalance)


def passed(conn: Connection, device: str, opening: int, closing: int) -> Passed:
    """Count what lies above `opening`, up to `closing`."""
    ranges = [_within(lost, opening, closing) for lost in losses_of(conn, device)]
    lost = sum(last - first + 1 - _rows(conn, device, first, last) for first, last in ranges if first <= last)
    return Passed(opening, closing, _rows(conn, device, opening + 1, closing), lost)


def losses_of(conn: Connection, device: str) -> list[Lost]:
    """Every loss that a device declared, in order. They are never forgotten."""
    c = events.c
    query = select(c.data).where(c.kind == LOST, c.device == device).order_by(c.sequence)
    return [convert(decode(text), Lost) for text in conn.execute(query).scalars()]


def closing_on(conn: Connection, device: str, opening: int, cursor: int, end: datetime) -> int:
    """How far the cursor had come by `end`, by when the events above `opening` were received."""
    c = events.c
    query = select(func.max(c.sequence)).where(c.device == device, c.sequence > opening, c.sequence <= cursor)
    last = conn.execute(query.where(c.received_at < end)).scalar()
    if last is None:
        return opening
    kind, data = conn.execute(select(c.kind, c.data).where(c.device == device, c.sequence == last)).one()
    return min(cursor, convert(decode(data), Lost).last) if kind == LOST else int(last)


def has_rows_after(conn: Connection, device: str, sequence: int, cursor: int) -> bool:
    """Whether anything of a device lies above `sequence`, up to the cursor."""
    c = events.c
    query = select(c.sequence).where(c.device == device, c.sequence > sequence, c.sequence <= cursor).limit(1)
    return conn.execute(query).first() is not None


def first_hole(conn: Connection, ledger: Ledger) -> int | None:
    """The first sequence above the floor of which there is no row, no declared loss and nothing in quarantine."""
    floor, _ = ledger_floors.of(conn, ledger.device)
    known = {"device": ledger.device, "floor": floor, "cursor": ledger.cursor}
    for before, after in conn.exec_driver_sql(_NEIGHBOURS, known):
        losses = losses_of(conn, ledger.device)
        missing = (n for n in range(before + 1, after) if not any(lost.first <= n <= lost.last for lost in losses))
        if (hole := next(missing, None)) is not None:
            return hole
    return None


_NEIGHBOURS = """SELECT before, sequence FROM (
  SELECT sequence, lag(sequence, 1, :floor) OVER (ORDER BY sequence) AS before FROM (
    SELECT sequence FROM events WHERE device = :device AND sequence > :floor AND sequence <= :cursor
    UNION SELECT sequence FROM quarantine WHERE device = :device AND sequence > :floor AND sequence <= :cursor
    UNION SELECT :cursor + 1
  )
) WHERE sequence > before + 1"""


def days_between(first: date, last: date) -> Sequence[date]:
    """Every day from `first` to `last`."""
    return [first + timedelta(days=step) for step in range((last - first).days + 1)]


def end_of(day: date) -> datetime:
    """The moment at which a day is over, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def _within(lost: Lost, opening: int, closing: int) -> tuple[int, int]:
    return max(lost.first, opening + 1), min(lost.last, closing)


def _rows(conn: Connection, device: str, first: int, last: int) -> int:
    return int(conn.exec_driver_sql(_COUNT, (device, first, last)).scalar_one())


_COUNT = f"SELECT count(*) FROM events WHERE device = ? AND sequence BETWEEN ? AND ? AND kind <> '{LOST}'"  # noqa: S608
