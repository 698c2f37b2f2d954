"""What is known of an item beside its price and pack: category, brand, life, and any further words.

New items are forecast from those that resemble them: these are what they can resemble each other in.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date

from sqlalchemy import Column, Connection, Date, String, Table, select

from central.store.engine import put_rows
from central.store.metadata import metadata
from central.store.types import Json

item_traits = Table(
    "item_traits",
    metadata,
    Column("sku", String, primary_key=True),
    Column("category", String),
    Column("brand", String),
    Column("launched_on", Date),
    Column("delisted_on", Date),
    Column("words", Json, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class ItemTraits:
    """Traits of an item; `words` holds any other attribute by its name. Delisted items are not bought again."""

    sku: str
    category: str | None = None
    brand: str | None = None
    launched_on: date | None = None
    delisted_on: date | None = None
    words: dict[str, str] = field(default_factory=dict)


def put(conn: Connection, traits: Iterable[ItemTraits]) -> None:
    """Insert or overwrite, by item."""
    put_rows(conn, item_traits, [asdict(each) for each in traits])


def every(conn: Connection) -> dict[str, ItemTraits]:
    """The traits of every item that has some."""
    rows = conn.execute(select(item_traits).order_by(item_traits.c.sku)).mappings()
    return {row["sku"]: ItemTraits(**row) for row in rows}


def of_item(conn: Connection, sku: str) -> ItemTraits | None:
    """The traits of one item, if it has any."""
    row = conn.execute(select(item_traits).where(item_traits.c.sku == sku)).mappings().one_or_none()
    return None if row is None else ItemTraits(**row)
