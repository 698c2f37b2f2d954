"""Sessions no longer claim when they were last seen: nothing kept that up to date, and nobody read it."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Every open session stays open."""
    op.drop_column("sessions", "seen_at")
