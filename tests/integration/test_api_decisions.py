"""Decisions over HTTP, on a real database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.parts.house import OAT, House
from tests.parts.programs import Program


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house with one open proposal."""
    house = House(tmp_path)
    house.receive("b-04", 11)
    house.count("b-04", 3)
    house.decide()
    yield house
    house.close()


def test_a_proposal_is_read_with_its_sentences_in_the_readers_language(house: House) -> None:
    """The list gives summary and reasons in English and in Chinese."""
    program = Program(house)
    english = program.get("decisions?state=proposed").get_json()["items"]
    chinese = program.get("decisions", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).get_json()["items"]
    assert [item["subject"] for item in english] == [OAT]
    assert english[0]["reasons"][0]["text"].startswith("3 available, below the reorder point")
    assert chinese[0]["reasons"][0]["code"] == "below_reorder_point"
    assert chinese[0]["reasons"][0]["text"] != english[0]["reasons"][0]["text"]


def test_a_decision_is_read_with_everything_it_rests_on(house: House) -> None:
    """One decision gives its inputs and a trace down to the hash of the picture."""
    program = Program(house)
    (listed,) = program.get("decisions").get_json()["items"]
    full = program.get(f"decisions/{listed['id']}").get_json()
    assert full["inputs"]["sku"] == OAT
    (count,) = [cause for cause in full["trace"]["rests_on"] if cause["kind"] == "count"]
    assert count["text"].startswith("Counted 3 at b-04")
    assert count["rests_on"][0]["source"] == "eye-01"
    assert count["rests_on"][0]["rests_on"][0]["reference"].startswith("sha256:")
    assert full["decided_at"].endswith("Z")


def test_pages_of_decisions_give_each_one_once(house: House) -> None:
    """Following `next` to the end visits every decision, newest first."""
    for units in (200, 1, 200, 2):
        house.pass_time(minutes=1)
        house.count("b-04", units)
        house.decide()
    program = Program(house)
    seen, more = [], ""
    while more is not None:
        page = program.get(f"decisions?limit=2{more and f'&cursor={more}'}").get_json()
        seen += [item["decided_at"] for item in page["items"]]
        more = page["next"]
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


def test_a_proposal_is_accepted_once_and_can_be_taken_back(house: House) -> None:
    """The second verdict is a conflict that names the first; after undoing it is open again."""
    program = Program(house)
    (listed,) = program.get("decisions").get_json()["items"]
    path = f"decisions/{listed['id']}/review"
    accepted = program.post(path, {"verdict": "accept"})
    assert accepted.get_json()["verdict"] == "accept"
    conflict = program.post(path, {"verdict": "reject", "reason": "wrong_data"})
    assert conflict.status_code == 409
    assert conflict.get_json()["type"] == "urn:tallyhouse:problem:already-reviewed"
    assert program.call("DELETE", path).status_code == 204
    assert program.get(f"decisions/{listed['id']}").get_json()["state"] == "proposed"


def test_a_proposal_is_adjusted_within_what_the_card_allows(house: House) -> None:
    """Packs may be changed, in whole packs; the supplier may not."""
    program = Program(house)
    (listed,) = program.get("decisions").get_json()["items"]
    path = f"decisions/{listed['id']}/review"
    adjust = {"verdict": "adjust", "reason": "local_event"}
    assert program.post(path, adjust | {"proposal": {"supplier": "another"}}).status_code == 409
    torn = program.post(path, adjust | {"proposal": {"packs": 2, "units": 25}})
    assert torn.status_code == 422
    assert torn.get_json()["errors"][0]["pointer"] == "/proposal"
    assert program.post(path, adjust | {"proposal": {"packs": 10**22, "units": 12 * 10**22}}).status_code == 422
    done = program.post(path, adjust | {"proposal": {"packs": 2, "units": 24}})
    assert done.get_json()["proposal"]["units"] == 24
    assert program.get(f"decisions/{listed['id']}").get_json()["state"] == "adjusted"


def test_of_two_programs_that_settle_at_once_one_is_first(house: House) -> None:
    """Four at the same moment: one verdict, three conflicts that name it."""
    programs = [Program(house, "decisions:review", f"{scope}:read") for scope in ("decisions", "stock", "out", "health")]
    (decision,) = Program(house).get("decisions").get_json()["items"]
    path = f"decisions/{decision['id']}/review"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda program: program.post(path, {"verdict": "accept"}).status_code, programs))
    assert sorted(answers) == [200] + [409] * 3


def test_a_verdict_that_is_sent_again_is_the_same_verdict(house: House) -> None:
    """Who lost the answer asks again and gets it; another verdict of the same program is a conflict."""
    program = Program(house)
    (decision,) = program.get("decisions").get_json()["items"]
    path = f"decisions/{decision['id']}/review"
    body = {"verdict": "reject", "reason": "wrong_data", "note": "counted by hand"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: program.post(path, body), range(4)))
    assert {answer.get_json()["id"] for answer in answers} == {1}
    assert program.post(path, body | {"note": "another"}).status_code == 409
