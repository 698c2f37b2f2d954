"""The API over HTTP, on a real database: who may ask, what comes in, what is told, what errors look like."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator
from sqlalchemy import event

from central.api.answers import moment_text
from central.identity.tokens import SCOPES
from central.store import evidence, people
from central.store.evidence import Piece
from tests.parts.house import OAT, TEA, House
from tests.parts.programs import Program


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house."""
    house = House(tmp_path)
    yield house
    house.close()


@pytest.fixture
def program(house: House) -> Program:
    """One that may do everything."""
    return Program(house)


def sale(house: House, **changes: Any) -> dict[str, Any]:
    """One oat milk sold from b-04 now."""
    line = {"id": "sale-1", "kind": "sale", "sku": OAT, "location": "b-04", "quantity": -1}
    return line | {"occurred_at": moment_text(house.now)} | changes


def problem(answer: Any, status: int, kind: str) -> dict[str, Any]:
    """The problem in an answer, once it is the one expected."""
    body: dict[str, Any] = answer.get_json(force=True)
    assert answer.status_code == status, body
    assert answer.mimetype == "application/problem+json"
    assert body["type"] == f"urn:tallyhouse:problem:{kind}"
    assert body["instance"].startswith("urn:uuid:")
    return body


READS = ("events", "devices", "stock", "decisions", "health", "out/s1", f"evidence/sha256:{'0' * 64}")


@pytest.mark.parametrize("path", READS)
def test_nobody_reads_without_a_token(program: Program, path: str) -> None:
    """401 says how to sign in; a revoked or half token is no better than none."""
    for headers in ({"Authorization": ""}, {"Authorization": program.token}, {"Authorization": "Bearer th_1_2"}):
        answer = program.get(path, headers=headers)
        problem(answer, 401, "unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", READS)
def test_a_token_without_the_scope_is_told_which_one_it_lacks(house: House, path: str) -> None:
    """403 names the scope."""
    body = problem(Program(house, "movements:write").get(path), 403, "missing-scope")
    assert any(scope in body["detail"] for scope in SCOPES)


def test_every_path_is_closed_to_a_token_of_another_site(house: House) -> None:
    """It sees nothing of this one and cannot ask for its announcements."""
    house.count("b-04", 3)
    house.decide()
    stranger = Program(house, site="s2")
    for noun in ("events", "devices", "stock", "decisions"):
        assert stranger.get(noun).get_json()["items"] == []
    problem(stranger.get("out/s1"), 403, "other-site")
    (decision,) = Program(house, "decisions:read").get("decisions").get_json()["items"]
    problem(stranger.get(f"decisions/{decision['id']}"), 404, "not-found")
    problem(stranger.post(f"decisions/{decision['id']}/review", {"verdict": "accept"}), 404, "not-found")
    posted = stranger.post("movements", {"movements": [sale(house)]})
    assert "there is no location" in problem(posted, 422, "lines-refused")["errors"][0]["detail"]


def test_a_use_of_a_token_is_remembered_once_a_minute(house: House, program: Program) -> None:
    """Last use is known without a write for each request."""
    prefix = program.token.split("_")[1]

    def used_at() -> Any:
        with house.parts.reading() as conn:
            token = people.token(conn, prefix)
        return token and token.used_at

    program.get("stock")
    first = used_at()
    assert first == house.now
    house.pass_time(seconds=59)
    program.get("stock")
    assert used_at() == first
    house.pass_time(seconds=1)
    program.get("stock")
    assert used_at() == house.now


def test_movements_change_the_book_once(house: House, program: Program) -> None:
    """The same lines again are duplicates without effect."""
    lines = {"movements": [sale(house), sale(house, id="in-1", kind="receipt", quantity=12)]}
    assert program.post("movements", lines).get_json() == {"accepted": 2, "duplicates": 0}
    assert program.post("movements", lines).get_json() == {"accepted": 0, "duplicates": 2}
    (position,) = program.get("stock").get_json()["items"]
    assert (position["book"], position["counted"], position["difference"]) == (11, None, None)


def test_a_sale_that_empties_the_shelf_wakes_the_order(house: House, program: Program) -> None:
    """From a posted sale to a proposal in the list."""
    program.post("movements", {"movements": [sale(house, id="in-1", kind="receipt", quantity=30)]})
    house.decide()
    program.post("movements", {"movements": [sale(house, quantity=-28)]})
    house.decide()
    states = [item["state"] for item in program.get("decisions").get_json()["items"]]
    assert states == ["proposed", "superseded"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"sku": "unknown"}, "/movements/1/sku"),
        ({"location": "z-99"}, "/movements/1/location"),
        ({"quantity": "two"}, "/movements/1/quantity"),
        ({"quantity": 1.5}, "/movements/1/quantity"),
        ({"quantity": 10**9}, "/movements/1/quantity"),
        ({"quantity": True}, "/movements/1/quantity"),
        ({"quantity": 1}, "/movements/1"),
        ({"kind": "receipt"}, "/movements/1"),
        ({"kind": "adjustment", "quantity": 0}, "/movements/1"),
        ({"kind": "theft"}, "/movements/1/kind"),
        ({"occurred_at": "yesterday"}, "/movements/1/occurred_at"),
        ({"occurred_at": "2026-11-24T08:10:40"}, "/movements/1/occurred_at"),
        ({"occurred_at": "2099-01-01T00:00:00Z"}, "/movements/1/occurred_at"),
        ({"id": ""}, "/movements/1/id"),
        ({"colour": "red"}, "/movements/1/colour"),
        (None, "/movements/1"),
    ],
)
def test_a_bad_line_is_named_and_the_good_ones_land(
    house: House, program: Program, changes: dict[str, Any] | None, pointer: str
) -> None:
    """Lines before and after it are booked; the answer says which one was not, and why."""
    bad = None if changes is None else sale(house, **({"id": "sale-2"} | changes))
    lines = [sale(house), bad, sale(house, id="sale-3")]
    body = problem(program.post("movements", {"movements": lines}), 422, "lines-refused")
    assert [fault["pointer"] for fault in body["errors"]] == [pointer]
    assert (body["accepted"], body["duplicates"]) == (2, 0)
    assert program.get("stock").get_json()["items"][0]["book"] == -2


@pytest.mark.parametrize("body", [{}, {"movements": []}, {"movements": {}}, [], "x", {"movements": [{}] * 501}, {"more": 1}])
def test_a_body_of_another_shape_is_refused_whole(program: Program, body: object) -> None:
    """422 points at what does not fit."""
    assert problem(program.post("movements", body), 422, "invalid")["errors"]


def test_what_is_not_json_is_told_apart(program: Program) -> None:
    """Another media type is 415, broken JSON 400, too much of it 413."""
    problem(program.call("POST", "movements", data="id;sku", content_type="text/csv"), 415, "unsupported-media-type")
    problem(program.call("POST", "movements", data="{", content_type="application/json"), 400, "unreadable")
    problem(program.call("POST", "movements", data=b"\xff\xfe", content_type="application/json"), 400, "unreadable")
    huge = b" " * (4 * 1024 * 1024 + 1)
    problem(program.call("POST", "movements", data=huge, content_type="application/json"), 413, "request-entity-too-large")


def test_unknown_paths_and_methods_are_problems_too(program: Program) -> None:
    """404 and 405, the latter with what is allowed."""
    problem(program.get("nothing"), 404, "not-found")
    answer = program.call("DELETE", "stock")
    problem(answer, 405, "method-not-allowed")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("query", ["limit=0", "limit=many", "cursor=x", "cursor=W10", "colour=red", "state=odd"])
def test_a_wrong_parameter_is_named(program: Program, query: str) -> None:
    """422 points at the parameter."""
    (fault, *_) = problem(program.get(f"decisions?{query}"), 422, "invalid")["errors"]
    assert fault["pointer"].strip("/") == query.partition("=")[0]


def test_events_are_paged_and_filtered(house: House, program: Program) -> None:
    """Newest first, each once; by kind, by device, since a moment."""
    for units in range(7):
        house.pass_time(seconds=1)
        house.count("b-04", units)
    seen, cursor = [], ""
    while cursor is not None:
        page = program.get(f"events?limit=3{cursor and f'&cursor={cursor}'}").get_json()
        seen += [event["sequence"] for event in page["items"]]
        cursor = page["next"]
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    since = moment_text(house.now)
    assert [event["sequence"] for event in program.get(f"events?since={since}").get_json()["items"]] == [7]
    assert program.get("events?kind=defect/1").get_json()["items"] == []
    assert len(program.get("events?kind=shelf_count/1&device=eye-01").get_json()["items"]) == 7
    assert program.get("events?device=eye-02").get_json()["items"] == []
    assert page["items"][0]["data"]["sku"] == OAT


def test_devices_are_told_with_their_ledgers(program: Program) -> None:
    """What is expected, stored and missing."""
    (device,) = program.get("devices").get_json()["items"]
    assert device["device"] == "eye-01"
    assert device["ledger"]["missing"] == 0


def test_stock_is_filtered_by_item_and_location(house: House, program: Program) -> None:
    """What was counted stands beside the book."""
    house.receive("b-04", 11)
    house.receive("a-01", 5, TEA)
    house.count("b-04", 3)
    (oat,) = program.get(f"stock?sku={OAT}").get_json()["items"]
    assert (oat["book"], oat["counted"], oat["difference"]) == (11, 3, -8)
    (tea,) = program.get("stock?location=a-01").get_json()["items"]
    assert tea["sku"] == TEA


def test_a_consumer_that_saw_a_hole_gets_what_it_missed(house: House, program: Program) -> None:
    """Announcements after a number, in order and without a hole."""
    for units in (9, 3, 1):
        house.count("b-04", units)
        house.decide()
    lines = [json.loads(line) for line in program.get("out/s1?after=1").data.splitlines()]
    numbers = [int(line["event"]["sequence"]) for line in lines]
    assert numbers == list(range(2, 2 + len(numbers)))
    assert all(line["topic"].startswith("tallyhouse/v1/out/s1/") for line in lines)
    assert program.get(f"out/s1?after={numbers[-1]}").data == b""


def test_evidence_is_served_by_its_hash(house: House, program: Program) -> None:
    """The bytes as they came, never sniffed for another type; 404 until they are here."""
    sha256 = f"sha256:{'a' * 64}"
    problem(program.get(f"evidence/{sha256}"), 404, "not-found")
    with house.parts.writing() as conn:
        evidence.keep(conn, Piece(sha256, "eye-01", "image/jpeg", house.now, b"\xff\xd8picture"), house.now)
    answer = program.get(f"evidence/{sha256}")
    assert (answer.data, answer.mimetype) == (b"\xff\xd8picture", "image/jpeg")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    problem(Program(house, "evidence:read", site="s2").get(f"evidence/{sha256}"), 404, "not-found")


def test_health_tells_the_backlog(house: House, program: Program) -> None:
    """What waits to be decided and to be said; a supervisor needs no token to see that the process answers."""
    house.count("b-04", 3)
    house.pass_time(seconds=2)
    figures = program.get("health").get_json()
    assert figures["waiting_decisions"] == 1
    assert figures["waiting_announcements"] >= 1
    assert program.client.get("/healthz").data == b"ok\n"


def test_the_document_is_valid_openapi_and_names_every_path(program: Program) -> None:
    """OpenAPI 3.1, with the scheme to sign in by and the problems to expect."""
    document = program.client.get("/api/v1/openapi.json").get_json()
    OpenAPIV31SpecValidator(document).validate()
    rules = {rule.rule for rule in program.app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")}
    documented = {path.replace("{", "<").replace("}", ">") for path in document["paths"]}
    assert rules - {"/api/v1/openapi.json"} == documented
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["security"] == [{"token": []}]
            assert "application/problem+json" in operation["responses"]["422"]["content"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=10), below, max_size=4),
    max_leaves=10,
)
lines = st.lists(st.fixed_dictionaries({}, optional={
    "id": st.text(max_size=70) | json_values, "kind": st.sampled_from(["sale", "receipt", "move"]) | json_values,
    "sku": st.sampled_from([OAT, TEA, "\x00"]) | json_values, "location": st.sampled_from(["b-04", "B-04\n"]) | json_values,
    "quantity": st.integers(-5, 5) | json_values, "occurred_at": st.just("2026-11-24T08:10:40.001Z") | json_values,
}), max_size=4)  # fmt: skip


def test_no_body_whatever_makes_the_server_fail(house: House, program: Program) -> None:
    """Any JSON is taken or refused with a problem; the book is what was said to be accepted."""

    @given(st.fixed_dictionaries({"movements": lines}) | json_values)
    def posted(body: Any) -> None:
        answer = program.post("movements", body)
        assert answer.status_code in (200, 422), answer.data
        assert answer.mimetype == ("application/json" if answer.status_code == 200 else "application/problem+json")

    posted()


def test_a_locked_database_refuses_writers_for_now_and_serves_readers(house: House, program: Program) -> None:
    """503 with a time to try again; nothing is booked, and reading goes on."""
    event.listen(house.parts.engine, "checkout", lambda raw, *_: raw.execute("PRAGMA busy_timeout=50"))
    locked = sqlite3.connect(house.database, isolation_level=None)
    locked.execute("BEGIN IMMEDIATE")
    answer = program.post("movements", {"movements": [sale(house)]})
    problem(answer, 503, "busy")
    assert answer.headers["Retry-After"]
    assert program.get("stock").get_json()["items"] == []
    locked.execute("ROLLBACK")
    locked.close()
    assert program.post("movements", {"movements": [sale(house)]}).get_json()["accepted"] == 1


def test_of_two_programs_that_settle_at_once_one_is_first(house: House) -> None:
    """Eight at the same moment: one verdict, seven conflicts that name it."""
    house.count("b-04", 3)
    house.decide()
    program = Program(house)
    (decision,) = program.get("decisions").get_json()["items"]
    path = f"decisions/{decision['id']}/review"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: program.post(path, {"verdict": "accept"}).status_code, range(8)))
    assert sorted(answers) == [200] + [409] * 7
