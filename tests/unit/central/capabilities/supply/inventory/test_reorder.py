"""Laws of the reordering arithmetic."""

from datetime import UTC, datetime, timedelta
from math import isclose, sqrt

from hypothesis import given
from hypothesis import strategies as st

from central.capabilities.supply.inventory import reorder
from central.capabilities.supply.inventory.reorder import Demand, Wait

demands = st.builds(Demand, mean=st.floats(0, 1e4), sd=st.floats(0, 1e4))
waits = st.builds(Wait, lead_time_d=st.floats(0, 365), lead_time_sd_d=st.floats(0, 60), review_d=st.floats(0.1, 90))
levels = st.floats(0.501, 0.999)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_the_reorder_point_is_the_one_of_the_textbook() -> None:
    """Demand 5 ± 2 a day, 2 ± 0.5 days and a daily look: 15 expected, spread √(3·4 + 25·0.25), 1.88 of it at 97 %."""
    demand, wait = Demand(5, 2), Wait(2, 0.5, 1)
    assert isclose(reorder.spread(demand, wait), sqrt(12 + 6.25))
    assert reorder.reorder_point(demand, wait, 0.97) == 24  # 15 + 1.881 × 4.272 = 23.03, rounded up


@given(demands, waits, levels, levels)
def test_raising_the_service_level_never_lowers_the_reorder_point(
    demand: Demand, wait: Wait, one: float, other: float
) -> None:
    """More service needs as much stock or more."""
    low, high = sorted((one, other))
    assert reorder.reorder_point(demand, wait, low) <= reorder.reorder_point(demand, wait, high)


@given(demands, waits, levels, st.floats(0, 60))
def test_a_less_certain_lead_time_never_lowers_the_reorder_point(
    demand: Demand, wait: Wait, level: float, more_sd: float
) -> None:
    """The variance of the lead time counts, not only its mean."""
    shakier = Wait(wait.lead_time_d, wait.lead_time_sd_d + more_sd, wait.review_d)
    assert reorder.reorder_point(demand, wait, level) <= reorder.reorder_point(demand, shakier, level)


@given(st.integers(-1000, 10**6), st.integers(0, 10**6), st.floats(0, 1e5), st.integers(1, 1000))
def test_an_order_lifts_stock_to_the_level_with_the_fewest_packs(
    available: int, point: int, cover: float, pack: int
) -> None:
    """Nothing from the reorder point upwards; below it enough, and not a pack too many."""
    packs = reorder.packs_to_order(available, point, cover, pack)
    if available >= point:
        assert packs == 0
    else:
        lacking = point + cover - available
        assert packs >= 1
        assert lacking - 1e-3 <= packs * pack < lacking + pack + 1e-3


moments = st.integers(0, 1000).map(lambda hours: NOON + timedelta(hours=hours))
orders = st.lists(st.tuples(moments, st.integers(1, 500)), max_size=6).map(sorted)
receipts = st.lists(st.tuples(moments, st.integers(1, 500)), max_size=6)


@given(orders, receipts)
def test_what_is_still_to_come_is_never_negative_nor_more_than_was_ordered(
    ordered: list[tuple[datetime, int]], received: list[tuple[datetime, int]]
) -> None:
    """Goods fill orders, they do not make them; and no more is filled than came."""
    to_come = reorder.outstanding(ordered, received)
    assert all(0 <= left <= units for left, (_, units) in zip(to_come, ordered, strict=True))
    assert sum(units for _, units in ordered) - sum(to_come) <= sum(units for _, units in received)


def test_goods_do_not_fill_an_order_that_was_placed_after_they_came() -> None:
    """Yesterday's delivery is not today's order."""
    assert reorder.outstanding([(NOON, 12)], [(NOON - timedelta(days=1), 12)]) == [12]


def test_goods_fill_the_oldest_order_first() -> None:
    """Eighteen units fill twelve of the first order and six of the second."""
    later = NOON + timedelta(days=1)
    assert reorder.outstanding([(NOON, 12), (later, 12)], [(later, 18)]) == [0, 6]
