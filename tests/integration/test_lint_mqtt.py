"""`tallyhouse lint-mqtt` on a real broker: everything wrong with what devices say is counted, and nothing is answered."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from typer.testing import CliRunner, Result

from central.cli.main import app
from central.config import EXAMPLE
from central.fleet.secret_files import write_secret
from central.store.engine import writing
from protocols import codec, signing, topics
from protocols.messages.device import Birth
from tests.makers import NOON, batch, event
from tests.parts.centre import SITE, Voice, migrated, register, voice
from tests.parts.mosquitto import Mosquitto

DEVICE = "eye-01"
Words = list[tuple[topics.Up, bytes, dict[str, str]]]  # branch, payload, properties


@pytest.fixture
def key() -> signing.PrivateKey:
    """The device's."""
    return signing.new_key()


@pytest.fixture
def config(tmp_path: Path, broker: Mosquitto, key: signing.PrivateKey) -> Iterator[Path]:
    """A house that knows one device, on a broker that lets anybody in."""
    file = tmp_path / "tallyhouse.toml"
    file.write_text(EXAMPLE.replace("port = 18883", f"port = {broker.port}"))
    write_secret(tmp_path / "secrets/central.password", b"anybody")
    with migrated(tmp_path / "tallyhouse.db") as engine:
        with writing(engine) as conn:
            register(conn, DEVICE, key)
        yield file


def linted(
    config: Path, said: list[tuple[topics.Up, bytes, dict[str, str]]], device: Voice
) -> tuple[Result, dict[str, object]]:
    """What the command says of these messages, which are spoken again and again until it ends."""
    results: list[Result] = []

    def run() -> None:
        results.append(CliRunner().invoke(app, ["lint-mqtt", "--for", "2", "--json", "--config", str(config)]))

    listener = Thread(target=run)
    listener.start()
    while listener.is_alive():
        for branch, payload, properties in said:
            device.say(branch, payload, **properties)
        listener.join(0.4)
    return results[0], json.loads(results[0].output.splitlines()[-1])


def test_a_device_that_speaks_well_is_clean(config: Path, broker: Mosquitto, key: signing.PrivateKey) -> None:
    """A birth and two batches in order; what comes again in this run is counted and no fault."""
    first, second = (codec.encode(batch([event(n), event(n + 1)])) for n in (1, 3))
    birth = codec.encode(Birth(boot="b", started_at=NOON, version="1"))
    with voice(broker.port, DEVICE, key) as device:
        result, told = linted(config, [("status", birth, {}), ("events", first, {}), ("events", second, {})], device)
    assert result.exit_code == 0, result.output
    assert told["clean"] is True
    one = told["devices"][DEVICE]  # type: ignore[index]
    assert (one["events"], one["out_of_order"], one["faults"]) == (4, 0, {})
    assert one["again"] > 0
    assert one["late"] == 4


def test_everything_wrong_is_counted_by_its_reason(config: Path, broker: Mosquitto, key: signing.PrivateKey) -> None:
    """A wrong signature, bytes that are no batch, an event that does not fit its schema, and a batch out of order."""
    torn = msgspec.structs.replace(event(2), data=msgspec.Raw(b'{"location": 5}'), occurred_at=NOON + timedelta(seconds=1))
    said: Words = [
        ("events", codec.encode(batch([event(1), torn])), {}),
        ("events", codec.encode(batch([event(9)])), {}),
        ("events", codec.encode(batch([event(3)])), {"sig": "AAAA"}),
        ("health", b"no JSON", {}),
    ]
    with voice(broker.port, DEVICE, key) as device:
        result, told = linted(config, said, device)
    assert (result.exit_code, told["clean"]) == (1, False)
    one = told["devices"][DEVICE]  # type: ignore[index]
    assert {"bad_data", "bad_signature", "unreadable"} <= set(one["faults"])
    assert one["out_of_order"] >= 1


def test_a_topic_that_does_not_exist_and_silence_are_told(config: Path, broker: Mosquitto, key: signing.PrivateKey) -> None:
    """Below the site only the topics of the contract may be used; where nobody speaks, nothing was shown to be right."""
    with voice(broker.port, DEVICE, key) as device:
        result, told = linted(config, [], device)
        assert (result.exit_code, told["devices"]) == (1, {})
        device._bus.publish(f"{topics.ROOT}/edge/{SITE}/{DEVICE}/down/ack", b"{}", retain=True)
        device._bus.publish(f"{topics.ROOT}/edge/{SITE}/{DEVICE}/up/gossip", b"{}", retain=True)
        result, told = linted(config, [], device)
    assert result.exit_code == 1
    assert told["unknown_topics"] == {f"{topics.ROOT}/edge/{SITE}/{DEVICE}/up/gossip": 1}
