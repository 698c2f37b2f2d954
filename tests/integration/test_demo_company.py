"""The demo's small company on a real database: its books open once."""

from datetime import timedelta
from pathlib import Path

from central.demo.company import SITE, open_doors, scene, settle_in
from central.floor.stock import post_movements
from central.store import availability, positions, promotions, purchase_orders, supplier_terms
from central.store.engine import writing
from central.store.movements import Movement
from tests.makers import NOON
from tests.parts.centre import migrated


def test_a_second_start_goes_on_with_the_books_of_the_first(tmp_path: Path) -> None:
    """What was sold stays sold: the simulator keeps its shelves, so nothing is booked to make the two agree."""
    opening = scene().opening_units
    with migrated(tmp_path / "house.db") as engine, writing(engine) as conn:
        settle_in(conn, NOON)
        open_doors(conn, NOON)
        assert {location: there.book for (location, _), there in positions.of_site(conn, SITE).items()} == opening
        location, sku = next(iter(positions.of_site(conn, SITE)))
        post_movements(conn, SITE, [Movement("one", "sale", sku, location, -1, NOON)], "till", NOON)
        before = positions.of_site(conn, SITE)
        open_doors(conn, NOON + timedelta(hours=1))
        assert positions.of_site(conn, SITE) == before


def test_the_company_has_a_past_that_planning_can_learn_from(tmp_path: Path) -> None:
    """Empty shelves were seen, promotions are planned, several suppliers offer an item, lead times can be measured."""
    with migrated(tmp_path / "house.db") as engine, writing(engine) as conn:
        settle_in(conn, NOON)
        today = NOON.date()
        shares = availability.shares(conn, SITE, "oat-milk-1l", today - timedelta(days=365), today)
        assert len(shares) == 365
        assert 0 in shares.values()
        assert promotions.between(conn, SITE, today, today + timedelta(days=60))
        assert len(supplier_terms.of_item(conn, "green-tea-100g")) == 3
        came = purchase_orders.received(conn, SITE, NOON - timedelta(days=800), supplier="eastgate")
        assert len({line.lead_time_d for line in came}) > 50
        assert purchase_orders.outstanding(conn, SITE, sku="oat-milk-1l") == []
        assert purchase_orders.outstanding(conn, SITE)
