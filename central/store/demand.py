"""Units sold by item and day: complete days only count as history."""

from sqlalchemy import Column, Date, Float, String, Table

from central.store.metadata import metadata

daily_demand = Table(
    "daily_demand",
    metadata,
    Column("site", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("units", Float, nullable=False),
    sqlite_with_rowid=False,
)
