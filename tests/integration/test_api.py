"""The API over HTTP, on a real database: who may ask, what comes in, what is told, what errors look like."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from central.api.answers import moment_text
from central.identity.tokens import SCOPES
from central.store import backups, evidence, people
from central.store.backups import BackupRow
from central.store.evidence import Piece
from tests.parts.house import OAT, TEA, House
from tests.parts.programs import Program, problem, sale


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


def test_what_is_not_json_is_told_apart(program: Program) -> None:
    """Another media type is 415, broken JSON 400, too much of it 413."""
    problem(program.call("POST", "movements", data="id;sku", content_type="text/csv"), 415, "unsupported-media-type")
    problem(program.call("POST", "movements", data="{", content_type="application/json"), 400, "unreadable")
    problem(program.call("POST", "movements", data=b"\xff\xfe", content_type="application/json"), 400, "unreadable")
    problem(program.call("POST", "movements", data="[" * 10_000, content_type="application/json"), 400, "unreadable")
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


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00", "2026-11-24T12:00:00"])
def test_a_moment_that_cannot_be_told_in_utc_is_refused(program: Program, since: str) -> None:
    """At the edges of time, or without a zone."""
    (fault,) = problem(program.get(f"events?since={since}"), 422, "invalid")["errors"]
    assert fault["pointer"] == "/since"


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
    with house.parts.writing() as conn:
        backups.add(conn, BackupRow(house.now, "/mnt/b/1", 1, 1.0))
        backups.add(conn, BackupRow(house.now, "/mnt/b", 0, 1.0, "no space left"))
    figures = program.get("health").get_json()
    assert (figures["newest_backup_at"], figures["backup_problem"]) == (moment_text(house.now), "no space left")
    assert figures["waiting_decisions"] == 1
    assert figures["waiting_announcements"] >= 1
    assert program.client.get("/healthz").data == b"ok\n"


def test_a_supervisor_hears_of_a_database_that_cannot_be_read(house: House, program: Program) -> None:
    """503 with a reason, not a page: the process answers, its database does not."""
    with house.parts.writing() as conn:
        conn.exec_driver_sql("DROP TABLE house")
    problem(program.client.get("/healthz"), 503, "busy")


# Opened by a claim code, by the key of the certificate, by the device's signature.
OTHER_DOORS: dict[str, Any] = {
    "/api/v1/enrol": None,
    "/api/v1/enrol/authority": None,
    "/api/v1/enrol/renewal": None,
    "/api/v1/releases/{sha256}": [{"device": []}],
}


def test_the_document_is_valid_openapi_and_names_every_path(program: Program) -> None:
    """OpenAPI 3.1, with the scheme to sign in by and the problems to expect."""
    document = program.client.get("/api/v1/openapi.json").get_json()
    OpenAPIV31SpecValidator(document).validate()
    paths = [rule.rule for rule in program.app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    rules = {path.replace("<path:", "<").replace("<int:", "<") for path in paths}
    documented = {path.replace("{", "<").replace("}", ">") for path in document["paths"]}
    assert rules - {"/api/v1/openapi.json"} == documented
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation.get("security") == OTHER_DOORS.get(path, [{"token": []}]), path
            assert "application/problem+json" in operation["responses"]["422"]["content"]
