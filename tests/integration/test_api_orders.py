"""Programs and the command line ask something of a device: settings for good, commands once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from central.fleet import commands
from central.store import audit, devices
from protocols.messages.command import Reply
from protocols.messages.device import Birth, Refusal, Reported, TaskAnnouncement
from tests.makers import NOON
from tests.parts.house import House
from tests.parts.programs import Program, problem

TASK = "cam-1/shelf_count"
SCHEMA = {"type": "object", "properties": {"frames": {"type": "integer", "minimum": 1}}, "additionalProperties": False}


def born(house: House) -> None:
    """The device of the house says what it is."""
    task = TaskAnnouncement(kind="shelf_count", source="cam-1", settings={"frames": 5}, settings_schema=SCHEMA)
    able = {"take_picture": ["cam-1", "cam-2"], "stop_conveyor": ["stop-1"], "send_logs": []}
    birth = Birth(boot="b", started_at=NOON, version="1", tasks=[task], actions=able)
    with house.parts.writing() as conn:
        devices.heard(conn, "eye-01", NOON, birth=msgspec.to_builtins(birth))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house whose device has said what it is."""
    house = House(tmp_path)
    born(house)
    yield house
    house.close()


@pytest.fixture
def program(house: House) -> Program:
    """One that may do everything."""
    return Program(house)


def says(house: House, **reported: Any) -> None:
    """The device reports its twin."""
    with house.parts.writing() as conn:
        devices.heard(conn, "eye-01", NOON, reported=msgspec.to_builtins(Reported(boot="b", **reported)))


def test_settings_are_wanted_reported_and_refused(house: House, program: Program) -> None:
    """The state says how far it is; the person behind the token stands in the audit."""
    assert program.get("devices/eye-01/desired").get_json()["state"] == "own"
    wanted = program.put("devices/eye-01/desired", {"settings": {TASK: {"frames": 7}}}).get_json()
    assert (wanted["version"], wanted["state"], wanted["settings"]) == (1, "pending", {TASK: {"frames": 7}})
    says(house, version=1, settings={TASK: {"frames": 7}})
    assert program.get("devices/eye-01/desired").get_json()["state"] == "applied"
    says(house, version=1, refused=[Refusal(part=TASK, why="no such model")])
    assert program.get("devices/eye-01/desired").get_json()["state"] == "refused"
    with house.parts.reading() as conn:
        assert conn.execute(audit.audit.select()).mappings().all()[-1]["who"].startswith("token ")


def test_a_setting_that_does_not_fit_is_pointed_at(program: Program) -> None:
    """The pointer leads into the body; a version that somebody else changed is a conflict."""
    body = problem(program.put("devices/eye-01/desired", {"settings": {TASK: {"frames": 0}}}), 422, "settings-refused")
    assert body["errors"] == [{"pointer": "/settings/cam-1~1shelf_count/frames", "detail": "must be at least 1"}]
    late = {"settings": {TASK: {"frames": 3}}, "version": 4}
    problem(program.put("devices/eye-01/desired", late), 409, "changed-meanwhile")


def test_a_command_is_given_and_followed(house: House, program: Program) -> None:
    """Its state, progress, result and reason are those of the newest reply."""
    given = program.post("devices/eye-01/commands", {"action": "take_picture", "source": "cam-2"})
    assert (given.status_code, given.get_json()["state"]) == (201, "waiting")
    name = given.get_json()["id"]
    with house.parts.writing() as conn:
        reply = Reply(command=name, number=1, boot="b", state="running", at=NOON, progress=0.5)
        commands.follow(conn, "eye-01", reply, house.now)
    shown = program.get(f"devices/eye-01/commands/{name}").get_json()
    assert (shown["state"], shown["progress"]) == ("running", 0.5)
    assert [row["id"] for row in program.get("devices/eye-01/commands").get_json()["items"]] == [name]
    problem(program.delete(f"devices/eye-01/commands/{name}"), 409, "command-refused")


def test_a_stop_needs_a_person(program: Program) -> None:
    """Two steps: given, then confirmed by somebody with a name; or taken back."""
    first, second = (program.post("devices/eye-01/commands", {"action": "stop_conveyor"}).get_json() for _ in range(2))
    assert first["state"] == "unconfirmed"
    problem(program.post(f"devices/eye-01/commands/{first['id']}/confirm", {"confirmed_by": ""}), 422, "invalid")
    done = program.post(f"devices/eye-01/commands/{first['id']}/confirm", {"confirmed_by": "Chen"}).get_json()
    assert (done["state"], done["confirmed_by"]) == ("waiting", "Chen")
    assert program.delete(f"devices/eye-01/commands/{second['id']}").get_json()["state"] == "cancelled"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"action": "dance"}, 409, "command-refused"),
        ({"action": "take_picture"}, 409, "command-refused"),
        ({"action": "send_logs", "ttl_s": 0}, 422, "invalid"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(program: Program, body: dict[str, Any], status: int, kind: str) -> None:
    """Nothing is given."""
    problem(program.post("devices/eye-01/commands", body), status, kind)
    assert program.get("devices/eye-01/commands").get_json()["items"] == []


def test_another_site_and_another_scope_see_and_do_nothing(house: House, program: Program) -> None:
    """A token of another site finds no such device; one that may read may not command."""
    name = program.post("devices/eye-01/commands", {"action": "send_logs"}).get_json()["id"]
    stranger = Program(house, site="s2")
    for path in ("desired", "commands", f"commands/{name}"):
        problem(stranger.get(f"devices/eye-01/{path}"), 404, "not-found")
    problem(stranger.post("devices/eye-01/commands", {"action": "send_logs"}), 404, "not-found")
    reader = Program(house, "devices:read")
    assert reader.get(f"devices/eye-01/commands/{name}").status_code == 200
    problem(reader.post("devices/eye-01/commands", {"action": "send_logs"}), 403, "missing-scope")
    problem(reader.put("devices/eye-01/desired", {"settings": {}}), 403, "missing-scope")
    problem(program.get(f"devices/eye-01/commands/{json.dumps(name)[:30]}"), 404, "not-found")
