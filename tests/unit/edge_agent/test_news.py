"""What is told ahead of a backlog: everything urgent, the newest first, each once."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.link.news import Look, News, looks, told


def found(urgent: set[int], look: Look, most: int) -> list[int]:
    """What the outbox has there, newest first."""
    end = look.before or 1_000
    return sorted((one for one in urgent if look.after < one < end), reverse=True)[:most]


def step(news: News, urgent: set[int], sent: int, most: int) -> tuple[News, list[int]]:
    """One batch, if anything is left."""
    for look in looks(news, sent):
        sequences = found(urgent, look, most)
        if sequences or look.before is not None:
            news = told(news, look, sequences)
        if sequences:
            return news, sequences
    return news, []


@given(st.lists(st.sets(st.integers(1, 9), max_size=9), min_size=1, max_size=6), st.integers(1, 4), st.data())
def test_everything_urgent_is_told_once_however_it_comes(arrivals: list[set[int]], most: int, data: st.DataObject) -> None:
    """New alarms come between the batches; at the end nothing is left."""
    news, urgent, heard = News(), set[int](), list[int]()
    for number, arrived in enumerate(arrivals):
        urgent |= {10 * number + one for one in arrived}
        for _ in range(data.draw(st.integers(0, 3))):
            news, sequences = step(news, urgent, 0, most)
            heard += sequences
    while True:
        news, sequences = step(news, urgent, 0, most)
        if not sequences:
            break
        heard += sequences
    assert sorted(heard) == sorted(urgent)
    assert news.left == ()


def test_the_newest_comes_first() -> None:
    """Also when older ones are still to be told."""
    news, first = step(News(), {1, 2, 3, 4}, 0, 2)
    news, second = step(news, {1, 2, 3, 4, 9}, 0, 2)
    _, third = step(news, {1, 2, 3, 4, 9}, 0, 2)
    assert (first, second, third) == ([4, 3], [9], [2, 1])


def test_what_the_order_lane_has_sent_is_no_news() -> None:
    """It is on its way already."""
    assert step(News(), {1, 2, 3}, 2, 9)[1] == [3]
