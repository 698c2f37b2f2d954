"""The daily record of completeness, what retention removed below it, readings by the hour, and when backups were made."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Days are kept for good: one short row a device and day."""
    op.create_table(
        "ledger_days",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("opening", sa.Integer(), nullable=False),
        sa.Column("closing", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("declared_lost", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("unaccounted", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.String(29), nullable=False),
        sa.Column("completed_at", sa.String(29), nullable=True),
        sa.PrimaryKeyConstraint("device", "day", name=op.f("pk_ledger_days")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_ledger_days_day", "ledger_days", ["day"])
    op.create_table(
        "ledger_floors",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_ledger_floors")),
    )
    op.create_table(
        "reading_hours",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("asset", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("started_at", sa.String(29), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("min", sa.Float(), nullable=True),
        sa.Column("mean", sa.Float(), nullable=True),
        sa.Column("max", sa.Float(), nullable=True),
        sa.Column("rms", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("site", "asset", "channel", "started_at", name=op.f("pk_reading_hours")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "backups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.String(29), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backups")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_evidence_received_at_bytes", "evidence", ["received_at", "bytes"])
