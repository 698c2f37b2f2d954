"""The ledger over HTTP and on the command line."""

import csv
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import delete, insert
from typer.testing import CliRunner, Result

from central.background.bookkeeping import keep_books
from central.cli.main import app
from central.errors import Refused
from central.store import devices
from central.store.devices import Ledger
from central.store.events import events
from central.store.types import instant_text
from protocols import codec
from protocols.messages.lost import Lost
from tests.parts.house import SITE, House
from tests.parts.programs import Program, problem


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house whose device counted twice and gave up three events."""
    house = House(tmp_path)
    house.count("b-04", 3)
    house.count("b-04", 4)
    lost = Lost(first=3, last=5, reason="evicted", kinds={"shelf_count/1": 3})
    row = {"device": "eye-01", "sequence": 3, "id": "x", "site": SITE, "kind": "lost/1", "boot": "b", "monotonic_ms": 1}
    row |= {"occurred_at": house.now, "received_at": house.now, "clock": "ntp", "data": codec.encode(lost).decode()}
    with house.parts.writing() as conn:
        conn.execute(insert(events).values(row))
        devices.put_ledgers(conn, [Ledger("eye-01", cursor=5, highest_seen=6, stored=2, declared_lost=3)])
        devices.heard(conn, "eye-01", house.now, online=False)
    yield house
    house.close()


def test_the_ledger_tells_what_is_missing_lost_and_since_when_a_device_is_silent(house: House) -> None:
    """Of six numbers two are stored, three declared lost, one missing."""
    (one,) = Program(house).get("ledger").get_json()["items"]
    assert (one["expected"], one["stored"], one["missing"], one["declared_lost"]) == (6, 2, 1, 3)
    assert one["lost"] == [{"reason": "evicted", "events": 3, "kinds": {"shelf_count/1": 3}}]
    assert (one["silent_since"][:16], one["unaccounted"]) == (instant_text(house.now)[:16], None)
    assert Program(house, site="s2").get("ledger").get_json() == {"items": []}


def test_days_are_exported_as_json_and_csv(house: House) -> None:
    """The same rows in both; a query that makes no sense is refused."""
    keep_books(house.parts, house.pass_time(days=1))
    program = Program(house)
    (day,) = program.get("ledger/days").get_json()["items"]
    assert (day["day"], day["closing"], day["stored"], day["declared_lost"]) == ("2026-11-24", 5, 2, 3)
    answer = program.get("ledger/days?format=csv")
    assert answer.mimetype == "text/csv"
    (row,) = csv.DictReader(StringIO(answer.get_data(as_text=True)))
    assert {name: row[name] for name in ("device", "day", "verdict")} == {
        name: day[name] for name in ("device", "day", "verdict")
    }
    assert row["completed_at"] == ""
    assert program.get("ledger/days?until=2026-11-23").get_json() == {"items": []}
    problem(program.get("ledger/days?since=yesterday"), 422, "invalid")


def test_the_command_line_says_what_is_missing_and_ends_with_1(house: House, tmp_path: Path) -> None:
    """Of now and of a day; a day without a record is refused; a row taken out is named with its number."""
    config = tmp_path / "tallyhouse.toml"
    config.write_text(f'database = "{house.database.name}"\n')
    runner = CliRunner()

    def run(*words: str) -> Result:
        return runner.invoke(app, ["ledger", "--config", str(config), *words])

    result = run("--json")
    (one,) = json.loads(result.output)
    assert (result.exit_code, one["missing"], one["unaccounted"], one["first_hole"]) == (1, 1, 0, None)
    assert isinstance(run("--day", "2026-11-24").exception, Refused)
    with house.parts.writing() as conn:
        devices.put_ledgers(conn, [Ledger("eye-01", cursor=5, highest_seen=5, stored=2, declared_lost=3)])
    assert run().exit_code == 0
    keep_books(house.parts, house.pass_time(days=1))
    assert run("--day", "2026-11-24").exit_code == 0
    with house.parts.writing() as conn:
        conn.execute(delete(events).where(events.c.sequence == 2))
    result = run("--json")
    assert (result.exit_code, json.loads(result.output)[0]["first_hole"]) == (1, 2)
