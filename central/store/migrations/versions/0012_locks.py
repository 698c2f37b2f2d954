"""What people fixed in a plan, and what a rule may do on its own."""

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Nothing yet."""
