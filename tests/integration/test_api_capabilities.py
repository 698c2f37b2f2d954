"""What programs may ask of a capability and change in it, on a real database."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from central.store.types import instant_text
from tests.parts.house import OAT, House
from tests.parts.planners import CARD as CONTESTED
from tests.parts.programs import Program, problem

NAME = "capabilities/supply.inventory"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house with one open proposal and a challenger in shadow."""
    house = House(tmp_path)
    card = replace(house.inventory, challenger=CONTESTED.challenger, quantity="units")
    house.parts = replace(house.parts, capabilities=(card,))
    house.count("b-04", 3)
    house.decide()
    yield house
    house.close()


@pytest.fixture
def program(house: House) -> Program:
    """A program that may do anything at the site."""
    return Program(house)


def test_capabilities_say_what_they_decide_and_by_whom(program: Program) -> None:
    """In the reader's language."""
    (one,) = program.get("capabilities").get_json()["items"]
    assert (one["name"], one["acts"], one["in_shadow"]) == ("supply.inventory", "own", "a-pack-more")
    assert (one["schedule"], one["wakes_on"], one["is_checked"]) == ("7 * * * *", ["stock_position"], False)
    (chinese,) = program.get("capabilities", headers={"Accept-Language": "zh-CN"}).get_json()["items"]
    assert chinese["title"] != one["title"]
    problem(program.get("capabilities/nobody.knows/params"), 404, "not-found")


def test_rules_are_read_with_their_bounds_changed_and_taken_back(program: Program) -> None:
    """Out of bounds is 422 at its place, a version that is gone 409; history says who and why."""
    before = program.get(f"{NAME}/params").get_json()
    assert before["json_schema"]["properties"]["cover_d"]["maximum"] == 365
    body: dict[str, Any] = {"values": {"cover_d": 30}, "reason": "winter", "based_on": 0}
    assert program.put(f"{NAME}/params", body).get_json() == {"version": 1}
    problem(program.put(f"{NAME}/params", body), 409, "rules-refused")
    wrong = problem(program.put(f"{NAME}/params", {**body, "values": {"cover_d": -1}, "based_on": 1}), 422, "invalid")
    assert wrong["errors"][0]["pointer"] == "/values/cover_d"
    assert program.post(f"{NAME}/params/revert", {"version": 0, "reason": "no"}).get_json() == {"version": 2}
    after = program.get(f"{NAME}/params").get_json()
    assert after["values"]["cover_d"] == before["values"]["cover_d"]
    assert [(each["version"], each["reason"]) for each in after["history"]] == [(2, "no"), (1, "winter")]


def test_who_may_read_may_not_change(house: House) -> None:
    """Each change has a scope of its own."""
    reader = Program(house, "decisions:read")
    body = {"values": {"cover_d": 30}, "reason": "winter", "based_on": 0}
    problem(reader.put(f"{NAME}/params", body), 403, "missing-scope")
    problem(reader.post("reviews", {"decisions": ["x"]}), 403, "missing-scope")
    problem(reader.put("capabilities/autopilot", {"is_stopped": True}), 403, "missing-scope")


def test_the_past_is_thought_again(house: House, program: Program) -> None:
    """With other values, without a trace."""
    span = {"since": instant_text(house.now - timedelta(days=1)), "until": instant_text(house.now + timedelta(days=1))}
    found = program.post(f"{NAME}/replay", {"values": {"cover_d": 60}, **span}).get_json()
    assert [each["subject"] for each in found["different"]] == [OAT]
    assert found["effect_would"]["EUR"] > found["effect_was"]["EUR"]
    problem(program.post(f"{NAME}/replay", {"values": {"luck": 1}, **span}), 422, "invalid")


def test_a_challenger_is_compared_and_promoted(program: Program) -> None:
    """Promoted, it acts; the old way thinks on in shadow."""
    found = program.get(f"{NAME}/challenger").get_json()
    assert found["comparison"]["different"] == 1
    told = program.post(f"{NAME}/challenger", {"verdict": "promoted", "reason": "better"}).get_json()
    assert (told["acts"], told["in_shadow"]) == ("a-pack-more", "own")
    problem(program.post(f"{NAME}/challenger", {"verdict": "promoted", "reason": "better"}), 409, "rules-refused")


def test_an_autopilot_is_set_and_all_are_stopped(program: Program) -> None:
    """No rule: nothing; a rule: active; the switch: none."""
    assert program.get(f"{NAME}/autopilot").get_json()["rule"] is None
    rule = {"is_on": True, "most_effect": 100, "most_effect_a_day": 300, "currency": "EUR"}
    assert program.put(f"{NAME}/autopilot", rule).get_json()["is_active"]
    assert program.put("capabilities/autopilot", {"is_stopped": True}).status_code == 204
    stopped = program.get(f"{NAME}/autopilot").get_json()
    assert not stopped["is_active"]
    assert stopped["stopped_by"].startswith("token ")
    assert program.put("capabilities/autopilot", {"is_stopped": False}).status_code == 204
    assert program.get(f"{NAME}/autopilot").get_json()["is_active"]


def test_value_added_says_that_nothing_is_told(program: Program) -> None:
    """A card without outturn has an empty report."""
    found = program.get(f"{NAME}/value-added").get_json()
    assert (found["is_told"], found["whole"]["numbers"], found["flagged"]) == (False, 0, [])


def test_part_of_a_proposal_is_fixed_and_given_back(house: House, program: Program) -> None:
    """It is on the list while it holds, and a reason of the decision."""
    body = {
        "capability": "supply.inventory", "subject": OAT, "values": {"units": 120, "packs": 10},
        "reason": "promotion_known", "until": instant_text(house.now + timedelta(days=2)),
    }  # fmt: skip
    lock = program.post("locks", body).get_json()
    house.decide()
    (decision,) = program.get("decisions?state=proposed").get_json()["items"]
    assert decision["proposal"]["units"] == 120
    assert any(reason["code"].startswith("lock_") for reason in decision["reasons"])
    assert [each["id"] for each in program.get("locks").get_json()["items"]] == [lock["id"]]
    assert program.delete(f"locks/{lock['id']}").status_code == 204
    problem(program.delete(f"locks/{lock['id']}"), 409, "lock-refused")
    problem(program.post("locks", {**body, "values": {"sku": "x"}}), 409, "lock-refused")


def test_several_are_approved_and_taken_back(program: Program) -> None:
    """Each with its own result."""
    (decision,) = program.get("decisions?state=proposed").get_json()["items"]
    done = program.post("reviews", {"decisions": [decision["id"], "gone"]}).get_json()["items"]
    assert [each["review"] is not None for each in done] == [True, False]
    undone = program.post("reviews/undo", {"decisions": [decision["id"]]}).get_json()["items"]
    assert undone[0]["problem"] is None
    problem(program.post("reviews", {"decisions": []}), 422, "invalid")
