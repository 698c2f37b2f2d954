"""What the centre tells devices over a real broker: twins and commands, and what comes back."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine

from central.bus import Message
from central.fleet import commands, twin
from central.fleet.commands import Wish
from central.store import devices, twins
from central.store.engine import reading, writing
from protocols import codec, signing
from protocols.messages.command import Command, Reply
from protocols.messages.device import Birth, Desired, Reported, TaskAnnouncement
from tests.makers import NOON
from tests.parts.centre import Voice, ingesting, migrated, parts_on, register, voice
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually

TASK = "cam-1/shelf_count"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A house with a device on record that has said what it is."""
    birth = Birth(
        boot="b3f1", started_at=NOON, version="1", actions={"send_logs": []},
        tasks=[TaskAnnouncement(kind="shelf_count", source="cam-1")],
    )  # fmt: skip
    with migrated(tmp_path / "house.db") as engine:
        with writing(engine) as conn:
            register(conn, "eye-01", KEY)
            devices.heard(conn, "eye-01", NOON, birth=msgspec.to_builtins(birth))
        yield engine


KEY = signing.new_key()


@pytest.fixture
def centre_key(engine: Engine, broker: Mosquitto) -> Iterator[signing.PrivateKey]:
    """A running ingest; the key it signs with."""
    with ingesting(engine, broker.port) as key:
        yield key


@pytest.fixture
def eye(centre_key: signing.PrivateKey, broker: Mosquitto) -> Iterator[Voice]:
    """The device, whose subscription is proven."""
    assert centre_key
    with voice(broker.port, "eye-01", KEY) as speaking:
        speaking.prove_subscription()
        yield speaking


def heard(eye: Voice, branch: str) -> Message:
    """The next message on a branch."""
    while not (message := eye.heard()).topic.endswith(f"/down/{branch}"):
        pass
    return message


def want(engine: Engine, frames: int) -> int:
    """Want so many frames of eye-01's task."""
    with writing(engine) as conn:
        return twin.change(conn, "eye-01", settings={TASK: {"frames": frames}}, who="Li", now=NOON)


def issued(engine: Engine, ttl_s: float = 60.0) -> str:
    """The id of a command to eye-01."""
    with writing(engine) as conn:
        return commands.issue(conn, Wish("eye-01", "send_logs", ttl_s=ttl_s), "Li", parts_on(engine).now()).id


def state(engine: Engine, command: str) -> str:
    """How far it has come."""
    with reading(engine) as conn:
        return commands.of(conn, command).state


def test_a_new_version_is_heard_signed_and_again_after_the_broker_was_wiped(
    engine: Engine, eye: Voice, centre_key: signing.PrivateKey, broker: Mosquitto
) -> None:
    """The broker keeps nothing; the house says it again by itself."""
    want(engine, 3)
    message = heard(eye, "desired")
    signing.verify(centre_key.public_key(), message.payload, message.properties["sig"])
    assert codec.decode(message.payload, Desired) == Desired(version=1, device="eye-01", settings={TASK: {"frames": 3}})
    broker.kill()
    broker.start()
    assert codec.decode(heard(eye, "desired").payload, Desired).version == 1


def test_a_device_ahead_of_the_house_is_told_a_later_version(engine: Engine, eye: Voice) -> None:
    """A house that was restored from a backup is heard again."""
    want(engine, 3)
    eye.say("reported", codec.encode(Reported(version=7, boot="b3f1")))
    eventually(lambda: codec.decode(heard(eye, "desired").payload, Desired).version == 8, what="version 8")
    with reading(engine) as conn:
        assert twins.get(conn, "eye-01").settings == {TASK: {"frames": 3}}


def test_a_command_is_said_signed_and_its_replies_are_acknowledged(
    engine: Engine, eye: Voice, centre_key: signing.PrivateKey
) -> None:
    """Each reply by its number, also one that is sent again; the command ends with the last."""
    command = issued(engine)
    message = heard(eye, "commands")
    signing.verify(centre_key.public_key(), message.payload, message.properties["sig"])
    assert codec.decode(message.payload, Command).id == command
    for number, word in ((1, "accepted"), (2, "done"), (2, "done")):
        reply = {"command": command, "number": number, "boot": "b3f1", "state": word, "at": NOON}
        eye.say("replies", codec.encode(msgspec.convert(reply, Reply)))
        assert eye.acknowledgement().replies == [number]
    assert state(engine, command) == "done"


def test_a_command_that_nobody_answers_is_said_again(engine: Engine, eye: Voice) -> None:
    """A broker may lose it; a device knows what it has been asked."""
    command = issued(engine)
    ids = [codec.decode(heard(eye, "commands").payload, Command).id for _ in range(2)]
    assert ids == [command, command]


def test_a_reply_that_nobody_signed_is_set_aside(engine: Engine, eye: Voice) -> None:
    """It moves nothing and is not acknowledged."""
    command = issued(engine)
    reply = Reply(command=command, number=1, boot="b3f1", state="done", at=NOON)
    eye.say("replies", codec.encode(reply), sig="AAAA")
    eye.say("replies", codec.encode(msgspec.structs.replace(reply, number=2, state="running")))
    assert eye.acknowledgement().replies == [2]
    assert state(engine, command) == "running"
