"""Forecasts by their origin, and demand behind sales."""

import sqlalchemy as sa
from alembic import op

from central.store.types import Instant

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Two tables, empty until the first night."""
    op.create_table(
        "forecasts",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("origin", sa.Date(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("is_backtest", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("stretches", sa.JSON(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("error_share", sa.Float()),
        sa.Column("naive_error_share", sa.Float()),
        sa.Column("covered", sa.Float()),
        sa.PrimaryKeyConstraint("site", "sku", "origin", name=op.f("pk_forecasts")),
    )
    op.create_table(
        "latent_demand",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("sold", sa.Float(), nullable=False),
        sa.Column("demand", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("site", "sku", "day", name=op.f("pk_latent_demand")),
        sqlite_with_rowid=False,
    )
