"""News is counted; when each boot of a device began, so that its events without a clock can be dated."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """No ledger has news yet."""
    for name in ("news", "ahead"):
        op.add_column("ledgers", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
