"""Work orders that were carried out, and what maintenance works with: machines' needs, crews, windows, parts, calendars."""

import sqlalchemy as sa
from alembic import op

from central.store.types import Instant

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Six tables, empty until an upkeep file is loaded and work is recorded."""
    op.create_table(
        "work_orders",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("work_order", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("decision", sa.String()),
        sa.Column("finding", sa.String(), nullable=False),
        sa.Column("has_failed", sa.Boolean(), nullable=False),
        sa.Column("is_renewed", sa.Boolean(), nullable=False),
        sa.Column("done_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("note", sa.String()),
        sa.PrimaryKeyConstraint("site", "work_order", name=op.f("pk_work_orders")),
    )
    op.create_index("ix_work_orders_machine", "work_orders", ["site", "machine", "done_at"])
    _create_upkeep()


def _create_upkeep() -> None:
    op.create_table(
        "upkeep_machines",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("asset_class", sa.String(), nullable=False),
        sa.Column("in_service_since", Instant(), nullable=False),
        sa.Column("life_d", sa.Float()),
        sa.Column("hours", sa.Float(), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("breakdown_cost", sa.Float(), nullable=False),
        sa.Column("renewal_cost", sa.Float(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site", "machine", name=op.f("pk_upkeep_machines")),
    )
    op.create_table(
        "crews",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("crew", sa.String(), nullable=False),
        sa.Column("label", sa.JSON(), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("shifts", sa.JSON(), nullable=False),
        sa.Column("overtime_per_h", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("site", "crew", name=op.f("pk_crews")),
    )
    op.create_table(
        "maintenance_windows",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("window", sa.String(), nullable=False),
        sa.Column("machines", sa.JSON()),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("site", "window", name=op.f("pk_maintenance_windows")),
    )
    op.create_table(
        "spare_parts",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("label", sa.JSON(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("lead_time_d", sa.Float(), nullable=False),
        sa.Column("unit_cost", sa.Float(), nullable=False),
        sa.Column("express_lead_time_d", sa.Float()),
        sa.Column("express_cost", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("site", "part", name=op.f("pk_spare_parts")),
    )
    op.create_table(
        "production_calendars",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("stop_cost_per_h", sa.Float(), nullable=False),
        sa.Column("closed", sa.JSON(), nullable=False),
        sa.Column("busy", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_production_calendars")),
    )
