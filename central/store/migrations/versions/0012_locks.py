"""What people fixed in a plan, what challengers think in shadow, what a rule may approve alone, why settings changed."""

import sqlalchemy as sa
from alembic import op

from central.store.types import Instant

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Four tables, and a column of `params`."""
    op.add_column("params", sa.Column("reason", sa.String()))
    op.create_table(
        "locks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("capability", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String()),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("fixed_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("lifted_at", Instant()),
        sa.Column("lifted_by", sa.String()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locks")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_locks_site_capability_subject", "locks", ["site", "capability", "subject"])
    _create_shadows()
    _create_autopilot()


def _create_shadows() -> None:
    op.create_table(
        "shadows",
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("thought_at", Instant(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("proposal", sa.JSON()),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("cost", sa.Float()),
        sa.Column("acted_cost", sa.Float()),
        sa.Column("currency", sa.String()),
        sa.ForeignKeyConstraint(["decision"], ["decisions.id"]),
        sa.PrimaryKeyConstraint("decision", "way", name=op.f("pk_shadows")),
    )
    op.create_table(
        "contests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("capability", sa.String(), nullable=False),
        sa.Column("challenger", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contests")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_contests_capability_challenger", "contests", ["capability", "challenger"])


def _create_autopilot() -> None:
    op.create_table(
        "autopilot_rules",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("capability", sa.String(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("most_effect", sa.Float(), nullable=False),
        sa.Column("most_effect_a_day", sa.Float(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("most_quantity", sa.Float()),
        sa.Column("least_confidence", sa.Float(), nullable=False),
        sa.Column("undo_minutes", sa.Float(), nullable=False),
        sa.Column("pause_after", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("taken_back", sa.Integer(), nullable=False),
        sa.Column("paused_at", Instant()),
        sa.PrimaryKeyConstraint("site", "capability", name=op.f("pk_autopilot_rules")),
    )
