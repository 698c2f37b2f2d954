"""Proposals, what caused them and what people made of them."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table

from central.store.metadata import metadata
from central.store.types import Instant, Json

decisions = Table(
    "decisions",
    metadata,
    Column("id", String, primary_key=True),  # UUIDv7
    Column("site", String, nullable=False),
    Column("capability", String, nullable=False),  # "supply.inventory"
    Column("subject", String, nullable=False),
    Column("state", String, nullable=False),  # proposed | accepted | adjusted | rejected | undecided | nothing | superseded
    Column("decided_at", Instant, nullable=False),
    Column("proposal", Json),
    Column("reasons", Json, nullable=False),  # [{"code", "values"}], worst first
    Column("would_change", Json),  # [{"code", "values"}]: what would make it another decision
    Column("inputs", Json, nullable=False),  # the values it was decided on, for Why and replay
    Column("params_version", Integer, nullable=False),
    Column("effect", Float),
    Column("currency", String),
    Column("approve_by", Instant),
    Column("superseded_by", String),
    Index("ix_decisions_capability_subject_decided_at", "capability", "subject", "decided_at"),
    Index("ix_decisions_state_decided_at", "state", "decided_at"),
)

decision_causes = Table(
    "decision_causes",
    metadata,
    Column("decision", String, ForeignKey("decisions.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", String, nullable=False),  # count | movement | demand | lead_time | params | event
    Column("reference", String, nullable=False),
    Column("device", String),
    Column("sequence", Integer),
    Column("values", Json),
    Index("ix_decision_causes_device_sequence", "device", "sequence"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("decision", String, ForeignKey("decisions.id"), nullable=False, index=True),
    Column("verdict", String, nullable=False),  # accept | adjust | reject
    Column("person", String, nullable=False),
    Column("reviewed_at", Instant, nullable=False),
    Column("settles_at", Instant, nullable=False),  # end of the undo window: announced then
    Column("reason", String),
    Column("note", String),
    Column("proposal", Json),  # as adjusted
    Column("undone_at", Instant),
    Column("announced_at", Instant),
    sqlite_autoincrement=True,
)
