"""News is counted; when each boot of a device began, so that its events without a clock can be dated."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """No ledger has news yet, and every event stands under the time that its device said."""
    for name in ("news", "ahead"):
        op.add_column("ledgers", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("events", sa.Column("said_at", sa.String(29), nullable=True))
    op.create_table(
        "boots",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("boot", sa.String(), nullable=False),
        sa.Column("first_sequence", sa.Integer(), nullable=True),
        sa.Column("latest_ms", sa.Integer(), nullable=False),
        sa.Column("is_heard", sa.Boolean(), nullable=False),
        sa.Column("claim_ms", sa.Integer(), nullable=True),
        sa.Column("claim_clock", sa.String(), nullable=True),
        sa.Column("redated", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("device", "boot", name=op.f("pk_boots")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "evidence_parts",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("offset", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.String(29), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("device", "sha256", "offset", name=op.f("pk_evidence_parts")),
    )
