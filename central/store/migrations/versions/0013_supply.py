"""Supply facts that come from files (terms, orders, promotions, prices, returns, traits), and what shelves offered."""

import sqlalchemy as sa
from alembic import op

from central.store.types import Instant

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Thirteen tables, empty until a file is imported."""
    _create_terms()
    _create_orders()
    _create_trade()
    _create_days()
    _create_uploads()
    _create_networks()


def _create_terms() -> None:
    op.create_table(
        "supplier_rules",
        sa.Column("supplier", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("min_order_value", sa.Float(), nullable=False),
        sa.Column("order_weekdays", sa.JSON(), nullable=False),
        sa.Column("freight_per_order", sa.Float(), nullable=False),
        sa.Column("transport", sa.String()),
        sa.PrimaryKeyConstraint("supplier", name=op.f("pk_supplier_rules")),
    )
    op.create_table(
        "supplier_terms",
        sa.Column("supplier", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("supplier_sku", sa.String()),
        sa.Column("unit_price", sa.Float(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("price_breaks", sa.JSON(), nullable=False),
        sa.Column("min_units", sa.Integer(), nullable=False),
        sa.Column("multiple", sa.Integer(), nullable=False),
        sa.Column("layer_units", sa.Integer()),
        sa.Column("pallet_units", sa.Integer()),
        sa.Column("max_units", sa.Integer()),
        sa.Column("lead_time_d", sa.Float()),
        sa.Column("shelf_life_d", sa.Float()),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("supplier", "sku", name=op.f("pk_supplier_terms")),
    )


def _create_orders() -> None:
    op.create_table(
        "purchase_orders",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("supplier", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("units_ordered", sa.Integer(), nullable=False),
        sa.Column("units_received", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.Float()),
        sa.Column("currency", sa.String()),
        sa.Column("ordered_at", Instant(), nullable=False),
        sa.Column("promised_at", Instant()),
        sa.Column("received_at", Instant()),
        sa.PrimaryKeyConstraint("site", "order", "line", name=op.f("pk_purchase_orders")),
    )
    op.create_index("ix_purchase_orders_sku", "purchase_orders", ["site", "sku", "ordered_at"])
    op.create_index("ix_purchase_orders_supplier", "purchase_orders", ["site", "supplier", "ordered_at"])


def _create_trade() -> None:
    op.create_table(
        "promotions",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("price", sa.Float()),
        sa.Column("discount", sa.Float()),
        sa.Column("display", sa.Boolean(), nullable=False),
        sa.Column("mailer", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("site", "sku", "from_day", "kind", name=op.f("pk_promotions")),
    )
    op.create_index("ix_promotions_site_until_day", "promotions", ["site", "until_day"])
    op.create_table(
        "prices",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("price", sa.Float(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site", "sku", "from_day", name=op.f("pk_prices")),
    )
    op.create_table(
        "item_traits",
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("category", sa.String()),
        sa.Column("brand", sa.String()),
        sa.Column("launched_on", sa.Date()),
        sa.Column("delisted_on", sa.Date()),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("sku", name=op.f("pk_item_traits")),
    )


def _create_days() -> None:
    op.create_table(
        "daily_returns",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("units", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("site", "sku", "day", name=op.f("pk_daily_returns")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "availability",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("hours_seen", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("site", "sku", "day", name=op.f("pk_availability")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sale_lines",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("units", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("site", "reference", name=op.f("pk_sale_lines")),
        sqlite_with_rowid=False,
    )


def _create_uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("decimal", sa.String()),
        sa.Column("dates", sa.String()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", sa.String()),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("rows_expected", sa.Integer(), nullable=False),
        sa.Column("report", sa.JSON()),
        sa.Column("uploaded_by", sa.String(), nullable=False),
        sa.Column("uploaded_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sqlite_autoincrement=True,
    )


def _create_networks() -> None:
    op.create_table(
        "network_facilities",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("facility", sa.String(), nullable=False),
        sa.Column("capacity", sa.Float(), nullable=False),
        sa.Column("fixed_cost", sa.Float(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site", "network", "facility", name=op.f("pk_network_facilities")),
    )
    op.create_table(
        "network_demands",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("scenario", sa.String(), nullable=False),
        sa.Column("units", sa.Float(), nullable=False),
        sa.Column("chance", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("site", "network", "customer", "scenario", name=op.f("pk_network_demands")),
    )
    op.create_table(
        "network_lanes",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("facility", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("unit_cost", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("site", "network", "facility", "customer", name=op.f("pk_network_lanes")),
    )
