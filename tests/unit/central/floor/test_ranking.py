"""What comes first in the inbox."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from central.floor.ranking import Item, of_condition, of_difference, of_proposal, ranked

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ITEMS = st.lists(
    st.builds(
        Item,
        kind=st.just("difference"),
        key=st.text(st.characters(categories=["Ll"]), min_size=1, max_size=4),
        priority=st.sampled_from([1, 2, 3, 4]),
        since=st.integers(0, 10_000).map(lambda s: NOW - timedelta(seconds=s)),
        values=st.just({}),
    ),
    max_size=20,
)


@given(ITEMS)
def test_the_gravest_is_first_and_of_equals_the_oldest(items: list[Item]) -> None:
    """The order does not depend on the order in which things came."""
    order = ranked(items)
    assert [(item.priority, item.since) for item in order] == sorted((item.priority, item.since) for item in items)
    assert ranked(reversed(items)) == order


def test_a_machine_in_alarm_is_urgent() -> None:
    """An alarm within minutes, a warning within the hour, a sensor this shift."""
    assert [of_condition(condition) for condition in ("alarm", "warning", "sensor")] == [1, 2, 3]


def test_an_empty_shelf_that_the_book_calls_full_is_high() -> None:
    """So is a difference of a quarter shelf; a small one waits for the shift."""
    assert of_difference(-2, counted=0, capacity=20) == 2
    assert of_difference(-5, counted=9, capacity=20) == 2
    assert of_difference(-2, counted=9, capacity=20) == 3


def test_a_proposal_becomes_high_when_its_time_is_nearly_up() -> None:
    """An order that must be out within the hour does not wait for the shift."""
    assert of_proposal(NOW + timedelta(minutes=50), NOW) == 2
    assert of_proposal(NOW + timedelta(hours=5), NOW) == 3
    assert of_proposal(None, NOW) == 3
