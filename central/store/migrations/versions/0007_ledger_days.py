"""The daily record of completeness, and when backups were made."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Nothing yet."""
