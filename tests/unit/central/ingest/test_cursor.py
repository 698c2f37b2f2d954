"""The contiguous cursor: whatever order and number of times batches are delivered, each event lands once, in order."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.ingest.accept import Accepted, Misplaced, Poison, Taken
from central.ingest.cursor import Advance, Batch, advance
from protocols.messages.lost import Lost
from tests.makers import NOON, event, event_id


def taken(sequence: int, last: int | None = None, number: str | None = None) -> Taken:
    """A count, or the loss of `sequence` to `last`."""
    data = None if last is None else Lost(first=sequence, last=last, reason="evicted")
    one = event(sequence, data, id=number or event_id(sequence))
    return Taken(one, "b3f1", last or sequence, NOON, "{}", data)


def span(first: int, last: int) -> Accepted:
    """A batch of plain events."""
    return accepted([taken(n) for n in range(first, last + 1)])


def accepted(events: Sequence[Taken], poison: Sequence[Poison] = ()) -> Accepted:
    """A batch of these events, poison among them."""
    numbers = [one.event.sequence for one in events] + [one.sequence for one in poison]
    last = max([one.last for one in events] + [one.sequence for one in poison])
    return Accepted("s1", "eye-01", "b3f1", min(numbers), last, events, poison, b"")


def misplaced(first: int, last: int) -> Misplaced:
    """A batch under a foreign site."""
    return Misplaced("eye-01", "b3f1", first, last, "wrong_site", "", b"")


class Centre:
    """What a database would remember between two transactions."""

    def __init__(self) -> None:
        self.cursor = 0
        self.landed: list[int] = []
        self.ids: dict[int, str] = {}
        self.passed = 0

    def land(self, batches: Sequence[Batch]) -> Advance:
        """One transaction."""
        done = advance(self.cursor, batches, self.ids)
        self.passed += done.stored + done.quarantined + done.declared_lost
        self.landed += [one.event.sequence for one in done.taken]
        self.ids |= {one.event.sequence: "" if isinstance(one.data, Lost) else one.event.id for one in done.taken}
        self.cursor = done.cursor
        return done


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[int, list[list[Batch]]]:
    """A stream cut into batches, delivered in any order, any number of times, then once more in order."""
    cuts = draw(st.lists(st.integers(1, 6), min_size=1, max_size=8))
    batches, first = [], 1
    for size in cuts:
        batches.append(draw(st.sampled_from([_plain, _poisoned, _lossy]))(first, first + size - 1))
        first += size
    chaos = draw(st.lists(st.lists(st.sampled_from(batches), min_size=1, max_size=6), max_size=10))
    return first - 1, [*chaos, *[[batch] for batch in batches]]


def _plain(first: int, last: int) -> Batch:
    return span(first, last)


def _poisoned(first: int, last: int) -> Batch:
    return accepted([taken(n) for n in range(first + 1, last + 1)], [Poison(first, "bad_data", "", b"")])


def _lossy(first: int, last: int) -> Batch:
    return accepted([taken(first, last)])


@given(deliveries())
@settings(max_examples=300)
def test_any_delivery_lands_each_event_once_in_order(plan: tuple[int, list[list[Batch]]]) -> None:
    """And every sequence is stored, quarantined or declared lost: nothing is unaccounted at any time."""
    last, transactions = plan
    centre = Centre()
    for batches in transactions:
        done = centre.land(batches)
        assert centre.passed == centre.cursor
        assert not done.cloned
    assert centre.cursor == last
    assert centre.landed == sorted(set(centre.landed))


def test_what_begins_beyond_the_cursor_is_a_gap() -> None:
    """Nothing of it lands, and the cursor stays."""
    done = Centre().land([span(3, 4)])
    assert (done.cursor, done.gaps, done.taken) == (0, 1, [])


def test_batches_that_wait_together_are_put_in_order() -> None:
    """The later one that came first is not refused."""
    done = Centre().land([span(3, 4), span(1, 2)])
    assert (done.cursor, done.gaps, done.stored) == (4, 0, 4)


def test_an_overlap_lands_what_is_new() -> None:
    """A rewound device may cut its batches elsewhere."""
    centre = Centre()
    centre.land([span(1, 5)])
    done = centre.land([span(3, 8)])
    assert (done.cursor, done.stored, done.duplicates) == (8, 3, 3)


def test_a_loss_declared_for_what_is_stored_is_a_duplicate() -> None:
    """The centre had it all along: nothing is lost, nothing is cloned."""
    centre = Centre()
    centre.land([span(1, 5)])
    done = centre.land([accepted([taken(2, 5)])])
    assert (done.cursor, done.declared_lost, done.duplicates, done.cloned) == (5, 0, 1, [])


def test_a_loss_that_reaches_beyond_the_cursor_moves_it() -> None:
    """Only what is not here counts as lost."""
    centre = Centre()
    centre.land([span(1, 5)])
    done = centre.land([accepted([taken(4, 9)])])
    assert (done.cursor, done.declared_lost) == (9, 4)


def test_the_same_sequence_with_another_id_is_a_clone() -> None:
    """Also when both wait together."""
    twice = [span(1, 1), accepted([taken(1, number=event_id(77))])]
    done = Centre().land(twice)
    assert [batch.taken[0].event.id for batch in done.cloned] == [event_id(77)]
    assert (done.cursor, done.stored) == (1, 1)


@pytest.mark.parametrize(("first", "last", "passed"), [(1, 5, 5), (4, 5, 0)])
def test_a_misplaced_batch_is_passed_over_when_it_is_next(first: int, last: int, passed: int) -> None:
    """Beyond the cursor it is a gap like any other."""
    done = Centre().land([misplaced(first, last)])
    assert (done.cursor, done.quarantined, len(done.misplaced)) == (passed, passed, 1 if passed else 0)
