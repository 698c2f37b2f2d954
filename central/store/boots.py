"""What is known of when each boot of a device began: the anchor that dates events whose clock was wrong.

Times are milliseconds since 1970. latest_ms: it began no later, for nothing comes before it occurred; is_heard: that bound
rests on a message about the moment in which it was sent. claim_ms, claim_clock: when it began by the best clock that the
device had in it. redated: how many events were given another time than the device said.
"""

from collections.abc import Collection, Iterable

from msgspec import Struct
from msgspec.structs import astuple
from sqlalchemy import Boolean, Column, ColumnElement, Connection, Integer, String, Table, select

from central.store.engine import among, positional, upsert
from central.store.metadata import metadata

boots = Table(
    "boots",
    metadata,
    Column("device", String, primary_key=True),
    Column("boot", String, primary_key=True),
    Column("first_sequence", Integer),  # of its events, as far as they have come
    Column("latest_ms", Integer, nullable=False),
    Column("is_heard", Boolean, nullable=False),
    Column("claim_ms", Integer),
    Column("claim_clock", String),
    Column("redated", Integer, nullable=False, default=0),
    sqlite_with_rowid=False,
)

Key = tuple[str, str]  # device, boot


class Boot(Struct, frozen=True):
    """One boot, as the table has it."""

    device: str
    boot: str
    first_sequence: int | None
    latest_ms: int
    is_heard: bool
    claim_ms: int | None
    claim_clock: str | None
    redated: int = 0


def at(conn: Connection, keys: Collection[Key]) -> dict[Key, Boot]:
    """Those of these boots that are on record."""
    rows = conn.execute(select(boots).where(among((boots.c.device, boots.c.boot), keys)))
    return {(row[0], row[1]): Boot(*row) for row in rows}


def following(conn: Connection, boot: Boot) -> Boot | None:
    """The boot after this one; one that has sent no event yet comes after all others."""
    c = boots.c
    if boot.first_sequence is None:
        return None
    later = (c.first_sequence > boot.first_sequence) | (c.first_sequence.is_(None) & (c.boot != boot.boot))
    return _first(conn, later & (c.device == boot.device), descends=False)


def preceding(conn: Connection, boot: Boot) -> Boot | None:
    """The boot before this one."""
    c = boots.c
    is_last = boot.first_sequence is None
    earlier = c.first_sequence.is_not(None) if is_last else c.first_sequence < boot.first_sequence
    return _first(conn, earlier & (c.device == boot.device), descends=True)


def put(conn: Connection, changed: Iterable[Boot]) -> None:
    """Insert or overwrite."""
    rows = [astuple(boot) for boot in changed]
    if rows:
        conn.exec_driver_sql(_PUT, rows)


def _first(conn: Connection, wanted: ColumnElement[bool], *, descends: bool) -> Boot | None:
    place = boots.c.first_sequence
    order = place.desc() if descends else place.asc().nulls_last()
    row = conn.execute(select(boots).where(wanted).order_by(order).limit(1)).one_or_none()
    return None if row is None else Boot(*row)


def _put() -> str:
    row = upsert(boots)
    fresh = {column.name: row.excluded[column.name] for column in boots.c if not column.primary_key}
    return positional(row.on_conflict_do_update(index_elements=["device", "boot"], set_=fresh))


_PUT = _put()
