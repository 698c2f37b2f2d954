"""News overtakes the order lane: whatever comes first, each event has its effect once and the accounts add up."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from central.ingest.accept import Accepted, News, Poison
from central.ingest.answers import answers
from central.ingest.cursor import Advance, Batch, advance
from central.ingest.waiting import Waiting
from protocols.envelope import Acknowledgement
from protocols.messages.lost import Lost
from protocols.topics import EdgeTopic
from tests.makers import event_id
from tests.unit.central.ingest.test_cursor import accepted, misplaced, span, taken

Parts = list[list[Batch]]


def news(*sequences: int) -> News:
    """These events, ahead of their turn."""
    return News("s1", "eye-01", "b3f1", sequences[0], sequences[-1], [taken(n) for n in sequences], b"")


class Centre:
    """What a database would remember between two transactions. rows: sequence → id, empty for a declared loss."""

    def __init__(self) -> None:
        self.cursor = self.stored = self.passed = 0
        self.rows: dict[int, str] = {}
        self.projected: list[int] = []

    def land(self, batches: Sequence[Batch]) -> Advance:
        """One transaction."""
        done = advance(self.cursor, batches, self.rows)
        self.projected += [one.event.sequence for one in done.taken]
        self.rows |= {one.event.sequence: "" if isinstance(one.data, Lost) else one.event.id for one in done.taken}
        self.stored += done.stored
        self.passed += done.stored + done.quarantined + done.declared_lost
        self.cursor = done.cursor
        return done


@st.composite
def two_lanes(draw: st.DrawFn) -> tuple[int, Parts]:
    """A stream cut into batches, and news out of it; delivered in any order, any number of times, then once in order."""
    stream: list[Batch] = []
    first = 1
    for size in draw(st.lists(st.integers(1, 5), min_size=1, max_size=6)):
        stream.append(draw(st.sampled_from([_plain, _poisoned, _lossy, _misplaced]))(first, first + size - 1))
        first += size
    urgent = st.lists(st.integers(1, first - 1), min_size=1, max_size=5, unique=True).map(sorted)
    told = [news(*_understood(stream, some)) for some in draw(st.lists(urgent, max_size=4)) if _understood(stream, some)]
    chaos = draw(st.lists(st.lists(st.sampled_from([*stream, *told]), min_size=1, max_size=5), max_size=10))
    return first - 1, [*chaos, *[[batch] for batch in stream]]


def _plain(first: int, last: int) -> Batch:
    return span(first, last)


def _poisoned(first: int, last: int) -> Batch:
    return accepted([taken(n) for n in range(first + 1, last + 1)], [Poison(first, "bad_data", "", b"")])


def _lossy(first: int, last: int) -> Batch:
    return accepted([taken(first, last)])


def _misplaced(first: int, last: int) -> Batch:
    return misplaced(first, last)


def _understood(stream: Sequence[Batch], sequences: Sequence[int]) -> list[int]:
    poison = {one.sequence for batch in stream if isinstance(batch, Accepted) for one in batch.poison}
    return [sequence for sequence in sequences if sequence not in poison]


@given(two_lanes())
@settings(max_examples=400)
def test_each_event_has_its_effect_once_and_the_accounts_add_up(plan: tuple[int, Parts]) -> None:
    """At any time the cursor is what was stored, quarantined and lost; what is stored of it are the rows up to it."""
    last, transactions = plan
    centre = Centre()
    for batches in transactions:
        done = centre.land(batches)
        assert not done.cloned
        assert centre.passed == centre.cursor
        assert centre.stored == sum(sequence <= centre.cursor and number != "" for sequence, number in centre.rows.items())
    assert centre.cursor == last
    assert len(centre.projected) == len(set(centre.projected))


@given(two_lanes())
def test_news_moves_no_cursor_and_opens_no_gap(plan: tuple[int, Parts]) -> None:
    """Without its order lane it is stored, and that is all."""
    _, transactions = plan
    centre = Centre()
    for batches in transactions:
        done = centre.land([batch for batch in batches if isinstance(batch, News)])
        assert (done.cursor, done.gaps, done.stored) == (0, 0, 0)


def test_what_overtook_is_no_duplicate_in_its_place() -> None:
    """It counts as stored when the cursor passes it, and is not projected again."""
    centre = Centre()
    early = centre.land([news(3, 5)])
    assert ([one.event.sequence for one in early.taken], early.news, early.ahead, early.stored) == ([3, 5], 2, 5, 0)
    done = centre.land([span(1, 5)])
    assert ([one.event.sequence for one in done.taken], done.stored, done.duplicates) == ([1, 2, 4], 5, 0)


def test_news_of_what_the_cursor_passed_has_no_effect() -> None:
    """It was under way while the order lane brought it; also when both wait together."""
    done = Centre().land([news(2), span(1, 3)])
    assert (len(done.taken), done.news, done.duplicates, done.cursor) == (3, 0, 1, 3)


def test_a_loss_is_none_of_what_overtook_it() -> None:
    """The device evicted an alarm that is here: only the others are lost."""
    centre = Centre()
    centre.land([news(2)])
    done = centre.land([accepted([taken(1, 3)])])
    assert (done.cursor, done.declared_lost, done.stored) == (3, 2, 1)


def test_a_declaration_whose_number_overtook_it_stands_beside_it() -> None:
    """What was lost stays on record, under the first number that is free; without one there is nothing to declare."""
    centre = Centre()
    centre.land([news(1, 2, 5)])
    done = centre.land([accepted([taken(1, 4)])])
    assert [(one.event.sequence, one.data) for one in done.taken] == [(3, Lost(first=1, last=4, reason="evicted"))]
    assert (done.declared_lost, done.stored, done.cursor) == (2, 2, 4)
    done = centre.land([accepted([taken(5, 5)])])
    assert (done.taken, done.declared_lost, done.stored, done.cursor) == ([], 0, 1, 5)


def test_news_with_another_id_is_a_clone_in_either_order() -> None:
    """Two devices speak with one key."""
    other = Accepted("s1", "eye-01", "b3f1", 1, 1, [taken(1, number=event_id(77))], [], b"")
    centre = Centre()
    centre.land([news(1)])
    done = centre.land([other])
    assert (done.cloned, done.taken, done.stored, done.cursor) == ([other], [], 1, 1)
    centre = Centre()
    centre.land([other])
    assert centre.land([news(1)]).cloned == [news(1)]


def test_news_is_answered_with_the_cursor_and_how_far_numbers_are_taken() -> None:
    """Never with a gap: nothing is missing that the device would not send anyway."""
    waiting = [Waiting(None, EdgeTopic("s1", "eye-01", "events"), news(7))]  # type: ignore[arg-type]  # nobody looks at it
    done = Centre().land([news(7)])
    assert [answer.acknowledgement for answer in answers(waiting, {"eye-01": done}, {})] == [
        Acknowledgement(boot="b3f1", upto=0, ahead=7)
    ]
    behind = replace(done, cursor=7)
    assert answers(waiting, {"eye-01": behind}, {})[0].acknowledgement.ahead is None
