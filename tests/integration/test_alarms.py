"""Alarms on a real database: what equipment tells and people do is a row, a line in the journal and an announcement."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from central.errors import Refused
from central.floor import alarm_book, alarms
from central.floor.alarm_book import Told
from central.floor.alarms import Acknowledged, Cleared, InService, OutOfService, Raised, Shelved
from central.store import alarms as book
from central.store import announcements, audit
from tests.parts.house import SITE, House

ALARM = "machine/conveyor-1/limit"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house."""
    house = House(tmp_path)
    yield house
    house.close()


def hear(house: House, happening: Raised | Cleared, sequence: int = 1) -> list[str]:
    """The device tells of conveyor-1."""
    told = Told(noun="machine", thing="conveyor-1", rule="limit", happening=happening, event=("ear-01", sequence))
    with house.parts.writing() as conn:
        return alarm_book.hear(conn, SITE, [told], house.now)


def states(house: House) -> dict[str, str]:
    """Every alarm with its state."""
    with house.parts.reading() as conn:
        return states_of(conn, house)


def states_of(conn: Connection, house: House) -> dict[str, str]:
    """The same within a transaction."""
    return {each.alarm: alarms.state(each.life, house.now) for each in alarm_book.all_standing(conn, SITE)}


def test_what_happens_to_an_alarm_is_kept_told_and_on_record(house: House) -> None:
    """Raised by a device, acknowledged by Li, over by itself: three lines, three announcements, one deed of a person."""
    assert hear(house, Raised(house.now, 1)) == [ALARM]
    assert states(house) == {ALARM: "unacknowledged"}
    house.pass_time(minutes=2)
    with house.parts.writing() as conn:
        alarm_book.act(conn, SITE, ALARM, Acknowledged(house.now, "li"), house.now)
    house.pass_time(minutes=3)
    hear(house, Cleared(house.now), 2)
    assert states(house) == {ALARM: "normal"}
    with house.parts.reading() as conn:
        told = [json.loads(said.payload)["data"] for said in announcements.unsent(conn, 10)]
        lines = book.journal(conn, SITE, alarm=ALARM)
        assert audit.first_broken(conn) is None
    assert [(line.what, line.state, line.who) for line in lines] == [
        ("raised", "unacknowledged", None),
        ("acknowledged", "acknowledged", "li"),
        ("cleared", "normal", None),
    ]
    assert [(data["what"], data["state"], data["priority"]) for data in told] == [
        ("raised", "unacknowledged", 1),
        ("acknowledged", "acknowledged", 1),
        ("cleared", "normal", 1),
    ]


def test_the_same_word_again_or_an_older_one_is_no_news(house: House) -> None:
    """Duplicates and late messages write nothing."""
    hear(house, Raised(house.now, 1))
    assert hear(house, Raised(house.now, 1)) == []
    assert hear(house, Cleared(house.now - timedelta(minutes=5))) == []
    with house.parts.reading() as conn:
        assert len(book.journal(conn, SITE)) == 1


def test_the_second_person_is_told_who_was_first(house: House) -> None:
    """And nothing changes."""
    hear(house, Raised(house.now, 1))
    with house.parts.writing() as conn:
        alarm_book.act(conn, SITE, ALARM, Acknowledged(house.now, "li"), house.now)
    with house.parts.writing() as conn, pytest.raises(Refused, match="li"):
        alarm_book.act(conn, SITE, ALARM, Acknowledged(house.now, "chen"), house.now)
    with house.parts.reading() as conn, pytest.raises(Refused, match="no alarm"):
        alarm_book.one(conn, SITE, "machine/nothing/limit")


def test_shelving_ends_by_itself_and_is_noted_once(house: House) -> None:
    """So that open pages show the alarm again."""
    hear(house, Raised(house.now, 2))
    with house.parts.writing() as conn:
        until = house.now + timedelta(minutes=15)
        alarm_book.act(conn, SITE, ALARM, Shelved(house.now, "li", until, "being repaired"), house.now)
    assert states(house) == {ALARM: "shelved"}
    house.pass_time(minutes=15)
    assert states(house) == {ALARM: "unacknowledged"}
    for noted in (1, 0):
        with house.parts.writing() as conn:
            assert alarm_book.end_shelving(conn, house.now) == noted
    with house.parts.reading() as conn:
        assert [line.what for line in book.journal(conn, SITE, alarm=ALARM)] == ["raised", "shelved", "expired"]


def test_a_comment_is_in_the_journal_and_changes_nothing_else(house: House) -> None:
    """Who said what, and when; no announcement, for no state changed."""
    hear(house, Raised(house.now, 2))
    with house.parts.writing() as conn:
        told = len(announcements.unsent(conn, 10))
        alarm_book.comment(conn, SITE, ALARM, "li", " bearing is on order ", house.now)
        assert len(announcements.unsent(conn, 10)) == told
        newest = book.last_lines(conn, SITE, [ALARM], 1)[0]
    assert (newest.what, newest.who, newest.reason, newest.state) == (
        "commented",
        "li",
        "bearing is on order",
        "unacknowledged",
    )
    with house.parts.writing() as conn, pytest.raises(Refused, match="needs words"):
        alarm_book.comment(conn, SITE, ALARM, "li", "  ", house.now)


def test_what_is_out_of_service_comes_back_by_a_person(house: House) -> None:
    """Both are in the journal with who did it; the shelved are counted, these are not."""
    hear(house, Raised(house.now, 2))
    with house.parts.writing() as conn:
        alarm_book.act(conn, SITE, ALARM, OutOfService(house.now, "chen", "new bearing"), house.now)
        assert states_of(conn, house) == {ALARM: "out_of_service"}
        assert book.count_shelved(conn, SITE, house.now) == 0
        alarm_book.act(conn, SITE, ALARM, InService(house.now, "li"), house.now)
        lines = book.journal(conn, SITE, alarm=ALARM)
    assert [(line.what, line.who) for line in lines[1:]] == [("out_of_service", "chen"), ("in_service", "li")]
    assert states(house) == {ALARM: "unacknowledged"}
