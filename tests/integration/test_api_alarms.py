"""Programs read alarms and act on them in the name of their token."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from central.floor import alarm_book
from central.floor.alarm_book import Told
from central.floor.alarms import Cleared, Raised
from central.store import announcements, audit
from tests.parts.house import SITE, House
from tests.parts.programs import Program, problem

ALARM = "machine/conveyor-1/level"
PATH = f"alarms/{ALARM}"
WHO = "token s1 alarms:read alarms:write"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house whose conveyor is in alarm."""
    house = House(tmp_path)
    hear(house, Raised(house.now, 1, is_latching=True))
    yield house
    house.close()


@pytest.fixture
def program(house: House) -> Program:
    """One that may read and act."""
    return Program(house, "alarms:read", "alarms:write")


def hear(house: House, happening: Raised | Cleared, thing: str = "conveyor-1") -> None:
    """A device tells of it."""
    with house.parts.writing() as conn:
        alarm_book.hear(conn, SITE, [Told(noun="machine", thing=thing, rule="level", happening=happening)], house.now)


def states(program: Program, query: str = "") -> dict[str, str]:
    """Every alarm that is listed, with its state."""
    items = program.get(f"alarms{query}").get_json()["items"]
    return {one["alarm"]: one["state"] for one in items}


def test_an_alarm_goes_its_whole_way(house: House, program: Program) -> None:
    """Acknowledged, over, reset; then it is among those that are over only."""
    assert states(program) == {ALARM: "unacknowledged"}
    answer = program.post(f"{PATH}/acknowledge", {})
    assert (answer.status_code, answer.get_json()["state"], answer.get_json()["acknowledged_by"]) == (
        200,
        "acknowledged",
        WHO,
    )
    house.pass_time(minutes=1)
    hear(house, Cleared(house.now))
    assert states(program) == {ALARM: "latched"}
    assert program.post(f"{PATH}/reset", {}).get_json()["state"] == "normal"
    assert states(program) == {}
    assert states(program, "?state=normal&thing=conveyor-1") == {ALARM: "normal"}
    with house.parts.reading() as conn:
        assert [said.topic for said in announcements.after(conn, SITE, 0, 10)] == ["tallyhouse/v1/out/s1/alarm/changed"] * 4
        assert audit.first_broken(conn) is None


def test_the_second_is_told_who_was_first(program: Program) -> None:
    """A conflict with its own type, and the name."""
    program.post(f"{PATH}/acknowledge", {})
    answer = program.post(f"{PATH}/acknowledge", {})
    problem(answer, 409, "alarm-refused")
    assert WHO in answer.get_json(force=True)["detail"]


def test_shelving_has_an_end_and_a_reason(house: House, program: Program) -> None:
    """And a way back before it."""
    for body in ({"minutes": 721, "reason": "x"}, {"minutes": 15, "reason": ""}, {"minutes": 15}, {}):
        problem(program.post(f"{PATH}/shelve", body), 422, "invalid")
    assert program.post(f"{PATH}/shelve", {"minutes": 15, "reason": "new bearing"}).get_json()["state"] == "shelved"
    problem(program.post(f"{PATH}/shelve", {"minutes": 15, "reason": "again"}), 409, "alarm-refused")
    assert states(program, "?state=shelved") == {ALARM: "shelved"}
    assert program.post(f"{PATH}/unshelve", {}).get_json()["state"] == "unacknowledged"
    program.post(f"{PATH}/shelve", {"minutes": 15, "reason": "new bearing"})
    house.pass_time(minutes=15)
    assert states(program) == {ALARM: "unacknowledged"}


def test_an_alarm_that_never_was_is_not_found(program: Program) -> None:
    """Nor what has no such deed."""
    problem(program.post("alarms/machine/pump-9/level/acknowledge", {}), 404, "not-found")
    problem(program.post(f"{PATH}/silence", {}), 404, "not-found")


def test_reading_needs_one_scope_and_acting_another(house: House) -> None:
    """A token that may only read changes nothing."""
    reader = Program(house, "alarms:read")
    assert states(reader) == {ALARM: "unacknowledged"}
    problem(reader.post(f"{PATH}/acknowledge", {}), 403, "missing-scope")
    problem(Program(house, "stock:read").get("alarms"), 403, "missing-scope")


def test_the_gravest_comes_first(house: House, program: Program) -> None:
    """Of equals the oldest."""
    hear(house, Raised(house.now, 2), "pump-1")
    house.pass_time(minutes=1)
    hear(house, Raised(house.now, 1), "compressor-1")
    assert list(states(program)) == [ALARM, "machine/compressor-1/level", "machine/pump-1/level"]
