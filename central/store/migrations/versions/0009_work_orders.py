"""Work orders, crews and spare parts of maintenance."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Nothing yet."""
