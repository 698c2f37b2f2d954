"""Model releases, their stages and what gated them."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Nothing yet."""
