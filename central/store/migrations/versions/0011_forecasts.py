"""Forecasts, latent demand and what people changed in them."""

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Nothing yet."""
