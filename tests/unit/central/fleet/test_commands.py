"""Commands at the centre: who may be told what, and how far each has come."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from sqlalchemy import Connection

from central.errors import CommandRefused, DeviceError
from central.fleet import commands
from central.fleet.commands import Wish
from central.store import audit, devices
from central.store import commands as orders
from central.store.commands import CommandRow
from central.store.engine import writing
from protocols import codec, signing
from protocols.messages.command import Command, Reply
from protocols.messages.device import Birth
from tests.makers import NOON
from tests.parts.centre import migrated, register

ABLE = {"take_picture": ["cam-1", "cam-2"], "recount": ["cam-1"], "stop_conveyor": ["stop-1"], "send_logs": []}


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """A house with one device that has said what it can do, and one that was never connected."""
    with migrated(tmp_path / "house.db") as engine, writing(engine) as connection:
        for name in ("eye-01", "eye-02"):
            register(connection, name, signing.new_key())
        birth = Birth(boot="b", started_at=NOON, version="1", actions=ABLE)
        devices.heard(connection, "eye-01", NOON, birth=msgspec.to_builtins(birth))
        yield connection


def given(conn: Connection, action: str = "send_logs", **more: Any) -> CommandRow:
    """A command to eye-01, given by Li at noon."""
    return commands.issue(conn, Wish("eye-01", action, **more), "Li", NOON)


def reply(
    conn: Connection, command: CommandRow, number: int, state: Literal["running", "done"], device: str = "eye-01"
) -> bool:
    """The device answers."""
    said = Reply(command=command.id, number=number, boot="b", state=state, at=NOON, progress=0.5, result={"n": number})
    return commands.follow(conn, device, said, NOON)


def state(conn: Connection, command: CommandRow) -> str:
    """How far it has come."""
    return commands.of(conn, command.id).state


def test_a_command_waits_until_it_is_answered(conn: Connection) -> None:
    """It stands in the list and in the audit, and its message is the one the device can read."""
    command = given(conn, "take_picture", source="cam-2", ttl_s=90)
    said = codec.decode(commands.message(command), Command)
    assert (said.device, said.action, said.source) == ("eye-01", "take_picture", "cam-2")
    assert said.expires_at == NOON + timedelta(seconds=90)
    assert orders.still_open(conn) == [command]
    assert conn.execute(audit.audit.select()).mappings().one()["action"] == "command.issued"


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish("eye-01", "dance"), "no action 'dance'"),
        (Wish("eye-01", "reject_part"), "it can: recount, send_logs, stop_conveyor, take_picture"),
        (Wish("eye-01", "take_picture"), "needs one of: cam-1, cam-2"),
        (Wish("eye-01", "take_picture", source="cam-9"), "needs one of: cam-1, cam-2"),
        (Wish("eye-02", "send_logs"), "never been connected"),
        (Wish("eye-01", "send_logs", ttl_s=0), "waits 1 to 3600"),
        (Wish("eye-01", "send_logs", arguments={"x": "y" * 5000}), "arguments are larger"),
    ],
)
def test_what_a_device_cannot_do_is_not_asked(conn: Connection, wish: Wish, words: str) -> None:
    """The error says what it can do."""
    with pytest.raises(CommandRefused, match=words):
        commands.issue(conn, wish, "Li", NOON)
    assert orders.still_open(conn) == []


def test_a_stranger_is_told_nothing(conn: Connection) -> None:
    """Nor a device that was revoked."""
    with pytest.raises(DeviceError):
        commands.issue(conn, Wish("eye-99", "send_logs"), "Li", NOON)


def test_where_there_is_one_source_it_need_not_be_named(conn: Connection) -> None:
    """And where it is about the device, there is none."""
    assert (given(conn, "recount").source, given(conn).source) == ("cam-1", None)


def test_stopping_a_conveyor_waits_for_a_person(conn: Connection) -> None:
    """Nothing is said before; then the message names who confirmed, and its time begins."""
    command = given(conn, "stop_conveyor")
    assert command.state == "unconfirmed"
    later = NOON + timedelta(seconds=50)
    confirmed = commands.confirm(conn, command.id, "Chen", later)
    said = codec.decode(commands.message(confirmed), Command)
    assert (confirmed.state, said.confirmed_by) == ("waiting", "Chen")
    assert said.expires_at == later + timedelta(seconds=60)
    with pytest.raises(CommandRefused, match="no longer be confirmed"):
        commands.confirm(conn, command.id, "Chen", later)


def test_a_confirmation_that_comes_too_late_does_nothing(conn: Connection) -> None:
    """The belt of two minutes ago is another belt."""
    command = given(conn, "stop_conveyor")
    with pytest.raises(CommandRefused):
        commands.confirm(conn, command.id, "Chen", NOON + timedelta(minutes=3))
    commands.sweep(conn, NOON + timedelta(minutes=3))
    assert state(conn, command) == "cancelled"


def test_replies_move_a_command_on_in_their_own_order(conn: Connection) -> None:
    """One that comes late or twice changes nothing, and each is kept once."""
    command = given(conn)
    for number, word in ((1, "running"), (3, "done"), (2, "running"), (3, "done")):
        assert reply(conn, command, number, "done" if word == "done" else "running")
    after = commands.of(conn, command.id)
    assert (after.state, after.last_reply, after.result) == ("done", 3, {"n": 3})
    assert [row.number for row in orders.replies_of(conn, command.id)] == [1, 2, 3]


def test_a_reply_of_another_device_counts_for_nothing(conn: Connection) -> None:
    """A device cannot answer for another one."""
    command = given(conn)
    assert not reply(conn, command, 1, "done", device="eye-02")
    assert state(conn, command) == "waiting"


def test_silence_ends_a_command_and_a_late_answer_counts_more(conn: Connection) -> None:
    """Never begun: expired; begun and never ended: timed out. What really happened is believed when it comes."""
    never, begun = given(conn), given(conn, "recount")
    reply(conn, begun, 1, "running")
    commands.sweep(conn, NOON + timedelta(seconds=60))
    assert (state(conn, never), state(conn, begun)) == ("waiting", "running")
    commands.sweep(conn, NOON + timedelta(seconds=71))
    assert (state(conn, never), state(conn, begun)) == ("expired", "running")
    commands.sweep(conn, NOON + timedelta(seconds=101))
    assert state(conn, begun) == "timed_out"
    reply(conn, begun, 2, "done")
    assert state(conn, begun) == "done"


def test_only_what_no_device_has_taken_can_be_cancelled(conn: Connection) -> None:
    """Afterwards it is too late, and the error says so."""
    waiting, taken = given(conn), given(conn)
    reply(conn, taken, 1, "running")
    assert commands.cancel(conn, waiting.id, "Li", NOON).state == state(conn, waiting) == "cancelled"
    with pytest.raises(CommandRefused, match="cannot be taken back"):
        commands.cancel(conn, taken.id, "Li", NOON)
