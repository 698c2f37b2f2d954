"""What people say about pictures, and who is looking at which."""

import sqlalchemy as sa
from alembic import op

from central.store.types import Instant, Json

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "labels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=True),
        sa.Column("boxes", Json, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("labelled_at", Instant(), nullable=False),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labels")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_labels_site_evidence", "labels", ["site", "evidence"])
    op.create_table(
        "label_leases",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("site", "evidence", name=op.f("pk_label_leases")),
    )
