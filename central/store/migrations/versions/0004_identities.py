"""Claims, certificates and revocations; tokens that end."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """How devices become known, and with which certificates."""
    op.create_table(
        "claims",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("replaces", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.String(29), nullable=False),
        sa.Column("expires_at", sa.String(29), nullable=False),
        sa.Column("wrong_tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.String(29), nullable=True),
        sa.Column("withdrawn_at", sa.String(29), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_claims")),
    )
    op.create_table(
        "certificates",
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("issued_at", sa.String(29), nullable=False),
        sa.Column("ends_at", sa.String(29), nullable=False),
        sa.Column("revoked_at", sa.String(29), nullable=True),
        sa.ForeignKeyConstraint(["device"], ["devices.device"]),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_certificates")),
    )
    op.create_index("ix_certificates_device_ends_at", "certificates", ["device", "ends_at"], unique=False)
    op.add_column("tokens", sa.Column("expires_at", sa.String(29), nullable=True))
