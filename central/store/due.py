"""What must be decided again: one row a capability and subject, however often it was woken."""

from sqlalchemy import Column, Integer, String, Table

from central.store.metadata import metadata
from central.store.types import Instant

due = Table(
    "due",
    metadata,
    Column("site", String, primary_key=True),
    Column("capability", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("wakes", Integer, nullable=False, default=1),  # raised by each wake: a run clears only what it has seen
)
