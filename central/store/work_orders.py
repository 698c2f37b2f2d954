"""Work orders that were carried out: what was found at the machine, and whether it begins a new life (append-only).

An order that waits is an accepted decision without a row here. Work that nobody decided (a breakdown) has a name of its own.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Boolean, Column, ColumnElement, Connection, Index, String, Table, insert, select

from central.store.metadata import metadata
from central.store.types import Instant

Finding = Literal["true", "false", "not_found"]

work_orders = Table(
    "work_orders",
    metadata,
    Column("site", String, primary_key=True),
    Column("work_order", String, primary_key=True),  # the decision's id, or the name of what nobody decided
    Column("machine", String, nullable=False),
    Column("decision", String),
    Column("finding", String, nullable=False),  # true | false | not_found
    Column("has_failed", Boolean, nullable=False),
    Column("is_renewed", Boolean, nullable=False),
    Column("done_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", String, nullable=False),
    Column("note", String),
    Index("ix_work_orders_machine", "site", "machine", "done_at"),
)


@dataclass(frozen=True, kw_only=True)
class WorkOrder:
    """finding: true (there was a fault), false (there was none), not_found (nobody could tell). has_failed: the machine had
    stopped by itself; is_renewed: what wears was replaced, so that its age begins again at done_at."""

    site: str
    work_order: str
    machine: str
    decision: str | None
    finding: Finding
    has_failed: bool
    is_renewed: bool
    done_at: datetime
    recorded_at: datetime
    recorded_by: str
    note: str | None = None


def add(conn: Connection, order: WorkOrder) -> None:
    """Keep what came of a work order."""
    conn.execute(insert(work_orders).values(asdict(order)))


def get(conn: Connection, site: str, work_order: str) -> WorkOrder | None:
    """The work order of that name, if it was carried out."""
    mine = (work_orders.c.site == site, work_orders.c.work_order == work_order)
    return next(iter(_many(conn, *mine)), None)


def all_of(conn: Connection, site: str, machine: str | None = None, since: datetime | None = None) -> list[WorkOrder]:
    """Those of a site, or of one machine, that were done since a moment; oldest first."""
    wanted = [work_orders.c.site == site]
    wanted += [work_orders.c.machine == machine] if machine is not None else []
    wanted += [work_orders.c.done_at >= since] if since is not None else []
    return _many(conn, *wanted)


def _many(conn: Connection, *wanted: ColumnElement[bool]) -> list[WorkOrder]:
    query = select(work_orders).where(*wanted).order_by(work_orders.c.done_at, work_orders.c.work_order)
    return [WorkOrder(**row) for row in conn.execute(query).mappings()]
