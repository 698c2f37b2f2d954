"""One count from several looks."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.tasks.shelf_count.smoothing import is_worth_telling, smoothed


@given(st.lists(st.integers(0, 500), min_size=1, max_size=15))
def test_the_count_is_one_that_was_seen(counts: list[int]) -> None:
    """A median between two looks would be a number of cartons that nobody saw."""
    seen = smoothed(counts)
    assert seen.count in counts
    assert seen.lowest <= seen.count <= seen.highest
    assert 0 < seen.agreement <= 1


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 2))
def test_somebody_walking_past_changes_nothing(count: int, disturbed: int, looks: int) -> None:
    """Two wild looks of five leave the median where it is."""
    assert smoothed([count] * (5 - looks) + [disturbed] * looks).count == count


def test_a_change_is_told_at_once_and_the_same_again_every_interval() -> None:
    """The first count waits for its looks."""
    assert not is_worth_telling(2, 5, count=8, told=None, since_told_s=99, interval_s=60)
    assert is_worth_telling(5, 5, count=8, told=None, since_told_s=0, interval_s=60)
    assert not is_worth_telling(5, 5, count=8, told=8, since_told_s=59, interval_s=60)
    assert is_worth_telling(5, 5, count=8, told=8, since_told_s=60, interval_s=60)
    assert is_worth_telling(5, 5, count=7, told=8, since_told_s=1, interval_s=60)
