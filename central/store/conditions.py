"""The newest condition of each machine, and the anomaly it is in, if any."""

from collections.abc import Collection, Sequence

from sqlalchemy import Column, Connection, Float, Integer, RowMapping, String, Table, select

from central.store.engine import upsert
from central.store.metadata import metadata
from central.store.types import Instant, Json

conditions = Table(
    "conditions",
    metadata,
    Column("site", String, primary_key=True),
    Column("machine", String, primary_key=True),
    Column("condition", String, nullable=False),  # normal | warning | alarm | sensor
    Column("operating_state", String, nullable=False),
    Column("score", Float, nullable=False),
    Column("limit", Float, nullable=False),
    Column("learned", Float, nullable=False),
    Column("rule", String),
    Column("since", Instant),
    Column("channels", Json),  # of the anomaly, worst first
    Column("device", String, nullable=False),
    Column("sequence", Integer, nullable=False),  # the event behind it
    Column("judged_at", Instant),  # the anomaly message that `condition` rests on
    Column("as_of", Instant, nullable=False),
)


def of(conn: Connection, site: str, machines: Collection[str]) -> dict[str, RowMapping]:
    """The rows of these machines that there are."""
    query = select(conditions).where(conditions.c.site == site, conditions.c.machine.in_(machines))
    return {row["machine"]: row for row in conn.execute(query).mappings()}


def put(conn: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Insert or overwrite whole rows."""
    if rows:
        row = upsert(conditions)
        fresh = {c.name: row.excluded[c.name] for c in conditions.c if c.name not in ("site", "machine")}
        conn.execute(row.on_conflict_do_update(index_elements=["site", "machine"], set_=fresh), list(rows))
