"""Model releases, their stages and what gated them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """What may be rolled out, how far it has come, on which devices, and what each gate measured."""
    op.create_table(
        "releases",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", sa.String(29), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_releases")),
    )
    op.create_table(
        "rollouts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("baseline", sa.String(), nullable=True),
        sa.Column("canary", sa.String(), nullable=False),
        sa.Column("soak_s", sa.Float(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("stage_began_at", sa.String(29), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("begun_by", sa.String(), nullable=False),
        sa.Column("begun_at", sa.String(29), nullable=False),
        sa.Column("ended_at", sa.String(29), nullable=True),
        sa.ForeignKeyConstraint(["sha256"], ["releases.sha256"]),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollouts")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "rollout_devices",
        sa.Column("rollout", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("running_since", sa.String(29), nullable=True),
        sa.Column("boot", sa.String(), nullable=True),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("dropped", sa.Integer(), nullable=False),
        sa.Column("task_errors", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rollout"], ["rollouts.id"]),
        sa.ForeignKeyConstraint(["device"], ["devices.device"]),
        sa.PrimaryKeyConstraint("rollout", "device", name=op.f("pk_rollout_devices")),
    )
    op.create_table(
        "rollout_gates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rollout", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("gate", sa.String(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(29), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["rollout"], ["rollouts.id"]),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollout_gates")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_rollout_gates_rollout"), "rollout_gates", ["rollout"], unique=False)
