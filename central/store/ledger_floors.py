"""Up to where retention has removed a device's events, and how many stood up to there: the ledger stays right."""

from sqlalchemy import Column, Connection, Integer, String, Table, select

from central.store.engine import upsert
from central.store.metadata import metadata

ledger_floors = Table(
    "ledger_floors",
    metadata,
    Column("device", String, primary_key=True),
    Column("floor", Integer, nullable=False),
    Column("stored", Integer, nullable=False),
)


def of(conn: Connection, device: str) -> tuple[int, int]:
    """The sequence up to which events may be gone, and how many were stored up to there; zeros before the first removal."""
    c = ledger_floors.c
    row = conn.execute(select(c.floor, c.stored).where(c.device == device)).one_or_none()
    return (0, 0) if row is None else (row[0], row[1])


def put(conn: Connection, device: str, floor: int, stored: int) -> None:
    """Insert or overwrite."""
    row = upsert(ledger_floors).values(device=device, floor=floor, stored=stored)
    fresh = {"floor": row.excluded.floor, "stored": row.excluded.stored}
    conn.execute(row.on_conflict_do_update(index_elements=["device"], set_=fresh))
