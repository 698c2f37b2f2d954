"""Sales and returns as they came from files, line by line: what makes the same file, imported again, change nothing."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Column, Connection, Date, Float, String, Table, select

from central.store.engine import among, put_rows
from central.store.metadata import metadata

sale_lines = Table(
    "sale_lines",
    metadata,
    Column("site", String, primary_key=True),
    Column("reference", String, primary_key=True),
    Column("sku", String, nullable=False),
    Column("day", Date, nullable=False),
    Column("units", Float, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True)
class SaleLine:
    """One line: units sold on a day (UTC), negative when brought back. `reference`: order and line, or day and item."""

    reference: str
    sku: str
    day: date
    units: float


def put(conn: Connection, site: str, lines: Iterable[SaleLine]) -> None:
    """Insert or overwrite, by reference."""
    put_rows(conn, sale_lines, [asdict(line) | {"site": site} for line in lines])


def known(conn: Connection, site: str, references: Collection[str]) -> dict[str, SaleLine]:
    """The lines on record under these references."""
    c = sale_lines.c
    mine = (c.site == site) & among((c.reference,), [(each,) for each in references])
    return {row.reference: SaleLine(*row) for row in conn.execute(select(c.reference, c.sku, c.day, c.units).where(mine))}
