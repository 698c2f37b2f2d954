"""Alarms by ISA-18.2 and who did what with them."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Nothing yet."""
