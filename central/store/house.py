"""What this house is: its name, whether it is the demo, and the epoch that a restored backup renews."""

from secrets import token_hex

from sqlalchemy import Column, Connection, String, Table, select

from central.store.engine import upsert
from central.store.metadata import metadata

house = Table("house", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))


def value(conn: Connection, key: str) -> str | None:
    """What the house says of itself under `key`, if anything."""
    return conn.execute(select(house.c.value).where(house.c.key == key)).scalar_one_or_none()


def epoch(conn: Connection) -> str:
    """What names this line of history; made on first use. A restored backup is given a new one."""
    known = value(conn, "epoch")
    if known is None:
        known = token_hex(8)
        put(conn, "epoch", known)
    return known


def put(conn: Connection, key: str, text: str) -> None:
    """Insert or overwrite one line about the house."""
    row = upsert(house).values(key=key, value=text)
    conn.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value}))
