"""Supply facts that come from files: terms, purchase orders, promotions, returns."""

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Nothing yet."""
