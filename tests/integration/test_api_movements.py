"""Movements over HTTP, on a real database: each line is judged by itself and booked once."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from central.store import catalogue
from central.store.catalogue import Shelf, Site
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


def test_movements_change_the_book_once(house: House, program: Program) -> None:
    """The same lines again are duplicates without effect."""
    lines = {"movements": [sale(house), sale(house, id="in-1", kind="receipt", quantity=12)]}
    assert program.post("movements", lines).get_json() == {"accepted": 2, "duplicates": 0}
    assert program.post("movements", lines).get_json() == {"accepted": 0, "duplicates": 2}
    (position,) = program.get("stock").get_json()["items"]
    assert (position["book"], position["counted"], position["difference"]) == (11, None, None)


def test_an_id_that_stands_for_another_movement_is_refused(house: House, program: Program) -> None:
    """Two tills that both count from 1 lose no sale without a word; the same sale is the same to the millisecond."""
    program.post("movements", {"movements": [sale(house, occurred_at="2026-11-24T08:10:40.0017Z")]})
    other = {"movements": [sale(house, quantity=-3)]}
    assert problem(program.post("movements", other), 422, "lines-refused")["errors"][0]["pointer"] == "/movements/0/id"
    again = {"movements": [sale(house, occurred_at="2026-11-24T09:10:40.001+01:00")]}
    assert program.post("movements", again).get_json() == {"accepted": 0, "duplicates": 1}
    assert program.get("stock").get_json()["items"][0]["book"] == -1


def test_an_id_of_another_site_is_refused_too(house: House, program: Program) -> None:
    """Even for an equal movement: it is another shop's, and would be missing from this one's book."""
    with house.parts.writing() as conn:
        catalogue.put(conn, (Site("s2", {"en": "Shop"}), Shelf("s2", "b-04", {"en": "B-04"}, "b", OAT, facings=16)))
    program.post("movements", {"movements": [sale(house)]})
    shop = Program(house, site="s2")
    assert problem(shop.post("movements", {"movements": [sale(house)]}), 422, "lines-refused")["duplicates"] == 0
    assert shop.post("movements", {"movements": [sale(house, id="shop-1")]}).get_json()["accepted"] == 1


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
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "/movements/1/occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59-14:00"}, "/movements/1/occurred_at"),
        ({"id": "sale-1", "quantity": -2}, "/movements/1/id"),
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
