"""Fitted models of the capabilities that learn."""

import sqlalchemy as sa
from alembic import op

from central.store.types import Instant

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """One table."""
    op.create_table(
        "artefacts",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("capability", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fitted_at", Instant(), nullable=False),
        sa.Column("data_sha256", sa.String(), nullable=False),
        sa.Column("params_version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "capability", "subject", name=op.f("pk_artefacts")),
    )
