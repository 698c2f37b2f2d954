"""When each boot of a device began, so that events of a device without a clock can be dated."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Nothing yet."""
