"""The newest condition of each machine, and the anomaly it is in, if any."""

from sqlalchemy import Column, Float, Integer, String, Table

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
