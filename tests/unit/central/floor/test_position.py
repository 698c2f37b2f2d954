"""The law of a position: the book is the sum of movements; what was seen is the newest count and the movements after it."""

from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from central.floor.position import counted, is_newer, moved
from central.store.positions import Position
from tests.makers import NOON

MINUTES = st.integers(0, 20)
MOVEMENTS = st.lists(st.tuples(MINUTES, st.integers(-5, 20)), max_size=12)
COUNTS = st.lists(st.tuples(MINUTES, st.integers(0, 30)), max_size=6, unique_by=lambda count: count[0])
Fact = tuple[str, int, int]  # what, minute, units


@given(MOVEMENTS, COUNTS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_position(
    movements: list[tuple[int, int]], counts: list[tuple[int, int]], shuffler: Random
) -> None:
    """Late movements and late counts end where timely ones do."""
    arriving: list[Fact] = [("moved", *one) for one in movements] + [("counted", *one) for one in counts]
    shuffler.shuffle(arriving)
    position, known = Position(), list[tuple[int, int]]()
    for what, minute, units in arriving:
        at = NOON + timedelta(minutes=minute)
        if what == "moved":
            known.append((minute, units))
            position = moved(position, units, at)
        elif is_newer(position, at):
            position = counted(position, 1, units, at, sum(n for when, n in known if when > minute))
    assert position.book == sum(units for _, units in movements)
    if counts:
        newest, seen = max(counts)
        assert position.counted == seen + sum(units for minute, units in movements if minute > newest)
    else:
        assert position.counted is None
