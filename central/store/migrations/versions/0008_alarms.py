"""Alarms by ISA-18.2 and who did what with them."""

import sqlalchemy as sa
from alembic import op

from central.store.types import Instant

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Two tables; conditions that hold now become alarms with the next word on them."""
    op.create_table(
        "alarms",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("alarm", sa.String(), nullable=False),
        sa.Column("noun", sa.String(), nullable=False),
        sa.Column("thing", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_acknowledged", sa.Boolean(), nullable=False),
        sa.Column("is_latching", sa.Boolean(), nullable=False),
        sa.Column("needs_reset", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("since", Instant()),
        sa.Column("raised_at", Instant()),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("acknowledged_by", sa.String()),
        sa.Column("acknowledged_at", Instant()),
        sa.Column("shelved_until", Instant()),
        sa.Column("shelved_by", sa.String()),
        sa.Column("reason", sa.String()),
        sa.Column("suppressed_by", sa.String()),
        sa.Column("out_of_service_by", sa.String()),
        sa.Column("device", sa.String()),
        sa.Column("sequence", sa.Integer()),
        sa.PrimaryKeyConstraint("site", "alarm", name=op.f("pk_alarms")),
    )
    op.create_index("ix_alarms_thing", "alarms", ["site", "noun", "thing"])
    op.create_table(
        "alarm_journal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("alarm", sa.String(), nullable=False),
        sa.Column("thing", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("who", sa.String()),
        sa.Column("reason", sa.String()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_journal")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alarm_journal_at", "alarm_journal", ["site", "what", "at"])
    op.create_index("ix_alarm_journal_alarm", "alarm_journal", ["site", "alarm", "at"])
