"""Stock truth on a real database: movements and counts in, positions, announcements and facts out."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from central.floor.stock import mark_count_wrong, post_movements, record_counts
from central.store import announcements, positions
from central.store.counts import Count
from central.store.engine import writing
from central.store.movements import Movement
from tests.makers import NOON
from tests.parts.centre import SITE, migrated

PLACE = ("b-04", "oat-milk-1l")


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """A writing connection on a fresh database."""
    with migrated(tmp_path / "house.db") as engine, writing(engine) as conn:
        yield conn


def at(minutes: int) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def count(sequence: int, units: int, minutes: int) -> Count:
    """A camera's count of the place."""
    return Count(*PLACE, units, 0.9, at(minutes), "eye-01", sequence)


def movement(number: str, quantity: int, minutes: int) -> Movement:
    """A sale or a receipt at the place."""
    return Movement(number, "sale" if quantity < 0 else "receipt", PLACE[1], PLACE[0], quantity, at(minutes))


def there(conn: Connection) -> tuple[int, int | None]:
    """Book and counted at the place."""
    position = positions.at(conn, SITE, [PLACE])[PLACE]
    return position.book, position.counted


def test_a_movement_is_booked_once(conn: Connection) -> None:
    """The same id again, in the same post or later, has no effect; a fact names the place."""
    first = post_movements(conn, SITE, [movement("a", 10, 0), movement("a", 10, 0), movement("b", -2, 1)], "till", NOON)
    again = post_movements(conn, SITE, [movement("a", 10, 0)], "till", NOON)
    assert (first.accepted, first.duplicates, again.accepted, again.duplicates) == (2, 1, 0, 1)
    assert [dict(fact.values) for fact in first.facts] == [{"location": "b-04", "sku": "oat-milk-1l"}]
    assert there(conn) == (8, None)
    assert again.facts == []


def test_what_was_seen_follows_later_movements_only(conn: Connection) -> None:
    """A sale before the count changes the book alone, whenever it is posted."""
    record_counts(conn, SITE, [count(1, 7, 10)], NOON)
    post_movements(conn, SITE, [movement("early", -1, 5), movement("late", -2, 15)], "till", NOON)
    assert there(conn) == (-3, 5)


def test_a_late_count_stands_on_movements_since(conn: Connection) -> None:
    """A count that arrives after the sales that followed it has them taken off."""
    post_movements(conn, SITE, [movement("a", -2, 15)], "till", NOON)
    record_counts(conn, SITE, [count(1, 7, 10)], NOON)
    assert there(conn) == (-2, 5)


def test_an_older_count_changes_nothing(conn: Connection) -> None:
    """It is kept, and no fact comes of it."""
    record_counts(conn, SITE, [count(1, 7, 10)], NOON)
    assert record_counts(conn, SITE, [count(2, 9, 5)], NOON) == []
    assert there(conn) == (0, 7)
    assert conn.execute(text("SELECT count(*) FROM counts")).scalar_one() == 2


def test_a_count_called_wrong_gives_way_to_the_one_before(conn: Connection) -> None:
    """Then to the book; calling it wrong twice changes nothing more."""
    record_counts(conn, SITE, [count(1, 7, 0)], NOON)
    record_counts(conn, SITE, [count(2, 1, 10)], NOON)
    post_movements(conn, SITE, [movement("a", -2, 5)], "till", NOON)
    assert len(mark_count_wrong(conn, 2, "ann", NOON)) == 1
    assert there(conn) == (-2, 5)
    mark_count_wrong(conn, 2, "ann", NOON)
    assert there(conn) == (-2, 5)
    assert len(mark_count_wrong(conn, 1, "ann", NOON)) == 1
    assert there(conn) == (-2, None)
    with pytest.raises(LookupError):
        mark_count_wrong(conn, 99, "ann", NOON)


def test_a_level_is_announced_when_it_changed(conn: Connection) -> None:
    """Retained below its SKU, numbered without a hole; the same count again is not news."""
    for sequence, units in enumerate((7, 7, 6), start=1):
        record_counts(conn, SITE, [count(sequence, units, sequence)], NOON)
    said = announcements.after(conn, SITE, 0, 10)
    assert [(one.sequence, one.retain, one.topic) for one in said] == [
        (1, True, "tallyhouse/v1/out/s1/stock/level/oat-milk-1l"),
        (2, True, "tallyhouse/v1/out/s1/stock/level/oat-milk-1l"),
    ]


def test_a_transaction_that_fails_leaves_no_hole(tmp_path: Path) -> None:
    """The number it took is taken by the next one."""
    with migrated(tmp_path / "house.db") as engine:
        with writing(engine) as conn:
            record_counts(conn, SITE, [count(1, 7, 0)], NOON)
            conn.rollback()
        with writing(engine) as conn:
            record_counts(conn, SITE, [count(1, 7, 0)], NOON)
            assert [one.sequence for one in announcements.after(conn, SITE, 0, 10)] == [1]
