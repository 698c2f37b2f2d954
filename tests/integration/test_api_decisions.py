"""Decisions over HTTP, on a real database."""

from collections.abc import Iterator
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
