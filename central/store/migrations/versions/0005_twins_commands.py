"""Desired and reported twins, commands and their replies."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """What each device should do for good, and what it is asked to do once."""
    op.create_table(
        "twins",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", sa.String(29), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["devices.device"]),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_twins")),
    )
    op.create_table(
        "commands",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("issued_by", sa.String(), nullable=False),
        sa.Column("issued_at", sa.String(29), nullable=False),
        sa.Column("ttl_s", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.String(29), nullable=False),
        sa.Column("timeout_s", sa.Float(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("updated_at", sa.String(29), nullable=False),
        sa.Column("last_reply", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["device"], ["devices.device"]),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commands")),
    )
    op.create_index("ix_commands_device_issued_at", "commands", ["device", "issued_at"], unique=False)
    is_open = sa.text("state IN ('unconfirmed', 'waiting', 'accepted', 'running')")
    op.create_index("ix_commands_open", "commands", ["expires_at"], unique=False, sqlite_where=is_open)
    op.create_table(
        "command_replies",
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("boot", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.String(29), nullable=False),
        sa.Column("progress", sa.Float(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("received_at", sa.String(29), nullable=False),
        sa.ForeignKeyConstraint(["command"], ["commands.id"]),
        sa.PrimaryKeyConstraint("command", "number", name=op.f("pk_command_replies")),
    )
