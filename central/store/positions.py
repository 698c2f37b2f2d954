"""Stock per location and item: what the book says and what was seen.

`book` is the sum of movements; `counted` the newest trusted count plus movements since it. Decisions use `counted` while it
is fresh, else `book`, and say which.
"""

from sqlalchemy import Column, Integer, String, Table

from central.store.metadata import metadata
from central.store.types import Instant

positions = Table(
    "positions",
    metadata,
    Column("site", String, primary_key=True),
    Column("location", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("book", Integer, nullable=False, default=0),
    Column("counted", Integer),
    Column("counted_at", Instant),
    Column("count_id", Integer),  # the count that `counted` rests on
    Column("as_of", Instant, nullable=False),
)
