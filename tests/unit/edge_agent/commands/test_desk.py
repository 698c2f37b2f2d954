"""The desk and its journal: an action is done at most once, and every answer is on disk before it is said."""

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Flag
from typing import Any

import msgspec
import pytest

from edge_agent.clock import DeviceClock
from edge_agent.commands.ability import Ability, Order, argument
from edge_agent.commands.desk import Desk
from edge_agent.commands.journal import REMEMBERED, Journal
from edge_agent.errors import CommandFailed
from edge_agent.outbox.database import OUTBOX_NAME, OutboxFile
from protocols.messages.command import Command, Reply
from tests.makers import event_id
from tests.parts.ports import eventually

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Device:
    """A desk over a real file; `now` is the wall clock, `said` every reply that left, `done` what was carried out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = NOON
        self.monotonic_ms = 0
        self.said: list[Reply] = []
        self.done: list[str] = []
        self.gate = Flag()
        self.start()

    def start(self, boot: str = "b1") -> None:
        """Start the agent, again."""
        self.file = OutboxFile(self.folder / OUTBOX_NAME)
        clock = DeviceClock(boot, lambda: self.now, lambda: self.monotonic_ms, lambda: "ntp")
        abilities = {
            "send_logs": Ability((), self._quick),
            "recount": Ability(("cam-1", "cam-2"), self._slow),
            "reload_model": Ability(("cam-1",), self._failing),
            "stop_conveyor": Ability(("stop-1",), self._quick, needs_person=True),
        }
        self.journal = Journal(self.file, clock)
        self.desk = Desk(self.journal, abilities, clock, lambda payload: self.said.append(_reply(payload)))

    def power_cut(self) -> None:
        """The process is gone; what was committed is not."""
        self.desk._has_left = True  # a thread of a killed process writes nothing more
        self.gate.set()
        _await_threads()
        self.file.close()

    def hear(self, *commands: Command) -> None:
        """Commands come over the wire."""
        for command in commands:
            self.desk.ask(command)
        self.desk.step(0.01)

    def ended(self, command: Command) -> Reply:
        """The last reply to a command, once there is one that ends it."""

        def last() -> Reply | None:
            self.desk.step(0.01)
            found = [reply for reply in self.said if reply.command == command.id]
            return found[-1] if found and found[-1].state not in {"accepted", "running"} else None

        reply = eventually(last, what="the end of the command")
        assert reply is not None
        return reply

    def _quick(self, order: Order) -> Mapping[str, Any]:
        self.done.append(order.command.id)
        return {"lines": argument(order.command, "lines", 7, 1, 10)}

    def _slow(self, order: Order) -> Mapping[str, Any]:
        self.done.append(order.command.id)
        order.progress(0.5)
        self.gate.wait(20)
        return {}

    def _failing(self, order: Order) -> Mapping[str, Any]:
        self.done.append(order.command.id)
        raise ZeroDivisionError("in its own words")


def _await_threads() -> None:
    """Until no action is at work."""
    for thread in threading.enumerate():
        if thread.name.startswith("command "):
            thread.join(10)


def _reply(payload: bytes) -> Reply:
    return msgspec.json.decode(payload, type=Reply)


def command(number: int = 1, action: str = "send_logs", **more: Any) -> Command:
    """A command that expires in a minute."""
    fields = {"id": event_id(number), "device": "eye-01", "action": action, "issued_at": NOON}
    return msgspec.convert({**fields, "expires_at": NOON + timedelta(minutes=1), **more}, Command)


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    """A device that was just started."""
    device = Device(tmp_path)
    yield device
    device.gate.set()
    _await_threads()
    device.file.close()


def states(device: Device, told: Command) -> list[str]:
    """How the replies to a command went."""
    return [reply.state for reply in device.said if reply.command == told.id]


def test_a_command_is_accepted_begun_and_done(device: Device) -> None:
    """Each step is a reply with a number of its own, in order."""
    told = command()
    device.hear(told)
    assert device.ended(told).result == {"lines": 7}
    assert states(device, told) == ["accepted", "running", "done"]
    assert [reply.number for reply in device.said] == [1, 2, 3]


def test_a_repeated_command_is_not_done_again(device: Device) -> None:
    """Nor after its replies were acknowledged, nor after a restart: it is answered as before, under a new number."""
    told = command()
    device.hear(told, told)
    first = device.ended(told)
    device.desk.acknowledged("b1", [reply.number for reply in device.said])
    device.hear(told)
    device.power_cut()
    device.start("b2")
    device.desk.acknowledged("b1", [4])
    device.hear(told)
    device.desk.step(0.01)
    again = device.said[-1]
    assert (again.state, again.result, again.boot) == ("done", first.result, "b2")
    assert again.number > first.number
    assert device.done == [told.id]


def test_a_reply_stays_until_its_own_boot_is_acknowledged(device: Device) -> None:
    """Another device under the same name, or an old acknowledgement, drops nothing."""
    told = command()
    device.hear(told)
    device.ended(told)
    device.desk.acknowledged("another", [1, 2, 3])
    device.desk.step(0.01)
    assert [number for number, _ in device.journal.waiting()] == [1, 2, 3]
    device.desk.acknowledged("b1", [1, 3])
    device.desk.step(0.01)
    assert [number for number, _ in device.journal.waiting()] == [2]


def test_what_is_not_acknowledged_is_said_again(device: Device) -> None:
    """After a while, and at once over a new connection; else each once."""
    told = command()
    device.hear(told)
    device.ended(told)
    before = len(device.said)
    device.desk.step(0.01)
    assert len(device.said) == before
    device.desk.connected()
    device.desk.step(0.01)
    assert [reply.number for reply in device.said[before:]] == [1, 2, 3]
    device.monotonic_ms += 11_000
    device.desk.step(0.01)
    assert [reply.number for reply in device.said[before + 3 :]] == [1, 2, 3]


def test_a_command_that_was_begun_before_a_power_cut_is_never_begun_again(device: Device) -> None:
    """Its end is not known, and the reply says so; one that was only taken is begun now."""
    begun, taken = command(1, "recount", source="cam-1"), command(2)
    device.hear(begun)
    eventually(lambda: device.done == [begun.id], what="the beginning")
    device.journal.take(taken)
    device.power_cut()
    device.start("b2")
    device.desk.resume()
    assert (device.ended(begun).state, "restarted" in (device.ended(begun).why or "")) == ("failed", True)
    assert device.ended(taken).state == "done"
    assert device.done == [begun.id, taken.id]


@pytest.mark.parametrize(
    ("told", "state", "why"),
    [
        (command(action="take_picture"), "refused", "cannot take_picture; it can: recount, reload_model, send_logs"),
        (command(action="recount"), "refused", "needs one of: cam-1, cam-2"),
        (command(action="recount", source="cam-9"), "refused", "needs one of: cam-1, cam-2"),
        (command(source="cam-1"), "refused", "needs one of: no source"),
        (command(action="stop_conveyor", source="stop-1"), "refused", "needs a person"),
        (command(expires_at=NOON - timedelta(seconds=1)), "expired", "2026-11-24 11:59:59 UTC"),
        (command(arguments={"lines": 99}), "failed", "a whole number from 1 to 10"),
        (command(action="reload_model", source="cam-1"), "failed", "ZeroDivisionError: in its own words"),
    ],
)
def test_what_is_not_done_says_why(device: Device, told: Command, state: str, why: str) -> None:
    """And an action that fails in its own words has an end too."""
    device.hear(told)
    ended = device.ended(told)
    assert ended.state == state
    assert why in (ended.why or "")


def test_a_stop_that_a_person_confirmed_is_done(device: Device) -> None:
    """The device looks itself whether somebody stands up for it."""
    told = command(action="stop_conveyor", source="stop-1", confirmed_by="Chen")
    device.hear(told)
    assert device.ended(told).state == "done"


def test_without_a_clock_nothing_is_begun(device: Device) -> None:
    """A device that woke up in 1970 cannot know whether a command has expired."""
    device.now = datetime(1970, 1, 1, tzinfo=UTC)
    told = command()
    device.hear(told)
    assert (device.ended(told).state, device.done) == ("refused", [])


def test_an_action_that_hangs_is_given_up(device: Device) -> None:
    """What it says afterwards counts no more; others are carried out beside it."""
    hangs, quick = command(1, "recount", source="cam-1", timeout_s=5), command(2)
    device.hear(hangs, quick)
    assert device.ended(quick).state == "done"
    device.monotonic_ms += 7_000
    assert device.ended(hangs).state == "failed"
    device.gate.set()
    _await_threads()
    device.desk.step(0.01)
    assert states(device, hangs)[-1] == "failed"


def test_more_than_a_handful_at_once_is_refused(device: Device) -> None:
    """The ninth is told to ask again."""
    many = [command(number, "recount", source="cam-1") for number in range(1, 10)]
    device.hear(*many)
    assert (device.ended(many[-1]).state, len(device.done)) == ("refused", 8)


def test_the_last_commands_are_remembered(device: Device) -> None:
    """Two hundred of them; what has not ended is never forgotten."""
    slow = command(1, "recount", source="cam-1")
    device.hear(slow)
    many = [command(number) for number in range(2, REMEMBERED + 5)]
    for told in many:
        device.journal.take(told)
        device.journal.say(told.id, "done")
    assert not device.journal.take(slow)
    assert not device.journal.take(many[-1])
    assert device.journal.take(many[0])


def test_an_order_has_a_deadline() -> None:
    """An action that looks at its time is told when there is none left."""
    with pytest.raises(CommandFailed, match="within 30 s"):
        Order(command(), lambda: 0.0, lambda _share: None).time_left_s()
