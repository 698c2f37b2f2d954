"""Files over HTTP, on a real database: every row gets its verdict in the answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from central.api.imports import MOST_BYTES
from tests.parts.house import OAT, SITE, House
from tests.parts.programs import Program, problem

SALES = f"day,sku,units\n2026-11-01,{OAT},4\n2026-11-02,{OAT},many\n2026-11-03,{OAT},5\n"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house."""
    house = House(tmp_path)
    yield house
    house.close()


def send(program: Program, body: str | bytes, path: str = "sales", media_type: str = "text/csv") -> TestResponse:
    """A file to the house."""
    return program.call("POST", f"imports/{path}", data=body, content_type=media_type)


def test_each_row_gets_its_verdict_and_the_same_again_changes_nothing(house: House) -> None:
    """A rehearsal changes nothing; then two rows go in beside one that is refused by name; then they are known."""
    program = Program(house)
    for path, verdicts in (
        ("sales?dry_run=true", ["new", "refused", "new"]),
        ("sales", ["new", "refused", "new"]),
        ("sales", ["unchanged", "refused", "unchanged"]),
    ):
        told = send(program, SALES, path).get_json()
        assert [row["verdict"] for row in told["rows"]] == verdicts
    refused = told["rows"][1]
    assert (refused["row"], refused["findings"][0]["column"], refused["findings"][0]["written"]) == (3, "units", "many")
    assert told["counts"] == {"new": 0, "changed": 0, "unchanged": 2, "refused": 1}


def test_what_is_no_file_of_a_kind_is_refused_with_the_remedy(house: House) -> None:
    """An unknown kind, a wrong media type, wrong columns, too many bytes, and a token without the scope."""
    program = Program(house)
    problem(send(program, SALES, "weather"), 404, "not-found")
    problem(send(program, "{}", media_type="application/json"), 415, "unsupported-media-type")
    problem(send(program, "a,b\n1,2\n"), 422, "unreadable-file")
    problem(send(program, b"x" * (MOST_BYTES + 1)), 413, "request-entity-too-large")
    problem(send(Program(house, "stock:read", site=SITE), SALES), 403, "missing-scope")
