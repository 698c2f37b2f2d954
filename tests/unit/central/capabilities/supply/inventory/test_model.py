"""What the reordering model concludes, and from what."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from central.capabilities.supply.inventory.card import example
from central.capabilities.supply.inventory.model import Inputs, Params, Replenishment, Shelf, decide, on_hand

INPUTS, PARAMS = example()
AS_OF = INPUTS.as_of


def shelf(book: int, counted: int | None = None, age_h: float = 1.0, location: str = "b-04") -> Shelf:
    """One place; counted so many hours ago, if at all."""
    counted_at = None if counted is None else AS_OF - timedelta(hours=age_h)
    return Shelf(location=location, book=book, counted=counted, counted_at=counted_at)


def with_(**changes: object) -> Inputs:
    """The example, changed."""
    return INPUTS.model_copy(update=changes)


def codes(inputs: Inputs, params: Params = PARAMS) -> set[str]:
    """Codes of the reasons of what is concluded."""
    return {reason.code for reason in decide(inputs, params).reasons}


def test_a_fresh_count_outweighs_the_book() -> None:
    """Three counted an hour ago are three, whatever the book says."""
    assert on_hand([shelf(book=11, counted=3)], AS_OF, fresh_for_h=12).units == 3


def test_a_stale_count_yields_to_the_book() -> None:
    """Thirteen hours later the book's eleven count."""
    assert on_hand([shelf(book=11, counted=3, age_h=13)], AS_OF, fresh_for_h=12).units == 11


def test_a_count_from_the_future_yields_to_the_book() -> None:
    """A camera whose clock is a day ahead does not stay fresh for a day; a minute ahead is fine."""
    assert on_hand([shelf(book=11, counted=3, age_h=-24)], AS_OF, fresh_for_h=12).units == 11
    assert on_hand([shelf(book=11, counted=3, age_h=-1 / 60)], AS_OF, fresh_for_h=12).units == 3


def test_each_shelf_goes_by_its_own_evidence() -> None:
    """Counted here, booked there: the sum, and the reasons say that it is mixed."""
    places = (shelf(book=11, counted=3), shelf(book=4, location="c-01"))
    assert on_hand(places, AS_OF, fresh_for_h=12).units == 7
    assert "partly_counted" in codes(with_(shelves=places))


def test_what_is_on_order_counts_as_available() -> None:
    """An order under way keeps a second one from being proposed."""
    assert decide(INPUTS, PARAMS).state == "proposed"
    assert decide(with_(on_order=60), PARAMS).state == "nothing"


def test_a_difference_between_count_and_book_is_a_reason() -> None:
    """It is named where it exists, and only there."""
    assert "counted_differs_from_book" in codes(with_(shelves=(shelf(book=11, counted=3),)))
    assert "counted_differs_from_book" not in codes(with_(shelves=(shelf(book=3, counted=3),)))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"shelves": ()}, "no_position"),
        ({"shelves": (shelf(book=-4),)}, "stock_below_zero"),
        ({"daily_demand": (5.0,) * 13}, "no_demand_history"),
        ({"daily_demand": (-5.0,) * 56}, "demand_out_of_range"),
        ({"supply": None}, "no_lead_time"),
    ],
)
def test_what_is_missing_is_said_instead_of_guessed(changes: dict[str, object], code: str) -> None:
    """Undecided, with the gap as its reason."""
    outcome = decide(with_(**changes), PARAMS)
    assert outcome.state == "undecided"
    assert code in {reason.code for reason in outcome.reasons}


def test_an_item_that_nobody_buys_is_not_ordered() -> None:
    """Eight weeks without a sale need no stock."""
    assert decide(with_(daily_demand=(0.0,) * 56), PARAMS).state == "nothing"


def test_the_answer_to_what_would_change_it_is_true() -> None:
    """With as much on hand as it says, there is no order; with one unit less, there still is one."""
    (enough,) = (reason for reason in decide(INPUTS, PARAMS).would_change if reason.code == "no_order_from")
    units = int(str(enough.values["on_hand"]))
    assert decide(with_(shelves=(shelf(book=units),)), PARAMS).state == "nothing"
    assert decide(with_(shelves=(shelf(book=units - 1),)), PARAMS).state == "proposed"


def test_a_shorter_lead_time_that_makes_the_order_needless_says_so() -> None:
    """Not an order of nothing."""
    codes = {reason.code for reason in decide(with_(shelves=(shelf(book=20),)), PARAMS).would_change}
    assert codes == {"no_order_from", "no_order_at_lead_time"}


def test_a_shorter_lead_time_that_changes_nothing_is_not_said_to() -> None:
    """What comes at once cannot come sooner."""
    assert INPUTS.supply is not None
    at_once = INPUTS.supply.model_copy(update={"lead_time_d": 0.0})
    codes = {reason.code for reason in decide(with_(supply=at_once), PARAMS).would_change}
    assert codes == {"no_order_from"}


def test_the_time_to_approve_lies_between_an_hour_and_the_next_review() -> None:
    """Never in the past, never later than the next look."""
    for units in range(21):
        approve_by = decide(with_(shelves=(shelf(book=units),)), PARAMS).approve_by
        assert approve_by is not None
        assert timedelta(hours=1) <= approve_by - AS_OF <= timedelta(days=PARAMS.review_d)


@given(
    st.integers(0, 500),
    st.integers(0, 200),
    st.lists(st.floats(0, 500), min_size=14, max_size=60),
    st.integers(1, 144),
    st.floats(0.51, 0.99),
)
def test_an_order_is_in_whole_packs_and_only_below_the_reorder_point(
    book: int, on_order: int, sold: list[float], pack_size: int, service_level: float
) -> None:
    """Positive multiples of the pack, from too little stock; else nothing at all."""
    assert INPUTS.supply is not None
    supply = INPUTS.supply.model_copy(update={"pack_size": pack_size})
    inputs = with_(shelves=(shelf(book=book),), on_order=on_order, daily_demand=tuple(sold), supply=supply)
    outcome = decide(inputs, Params(service_level=service_level))
    first = outcome.reasons[0].values
    if outcome.proposal is None:
        assert outcome.state == "nothing"
        assert book + on_order >= int(str(first["point"]))
    else:
        assert outcome.proposal.units > 0
        assert outcome.proposal.units % pack_size == 0
        assert book + on_order < int(str(first["point"]))
        assert book + on_order + outcome.proposal.units >= int(str(first["point"]))


def test_an_order_that_is_not_whole_packs_cannot_be_made() -> None:
    """A person's change is held to the same rule."""
    with pytest.raises(ValidationError, match="are not 2 packs of 12"):
        Replenishment(sku="oat-milk-1l", supplier="lakeside", units=25, packs=2, pack_size=12)
