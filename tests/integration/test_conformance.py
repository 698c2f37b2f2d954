"""The conformance test on real MQTT: our own agent's sender keeps every rule, a careless device breaks the right ones."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Event as Flag
from threading import Thread

import pytest

from central.bus import Address, Bus, Listening, Message
from central.conformance.examining import Candidate, Examination
from central.conformance.rules import Outcome
from protocols import codec, topics
from protocols.messages.device import Birth, Desired, Reported
from protocols.signing import PrivateKey, new_key, sign
from tests.integration.edge_parts import DEVICE, SITE, Keys, agent_process, device_file
from tests.makers import NOON, batch, event
from tests.parts.commanded import simulated
from tests.parts.mosquitto import Mosquitto


@contextmanager
def at_work(step: Callable[[], None], every_s: float = 0.2) -> Iterator[None]:
    """`step` again and again, on a thread."""
    stop = Flag()

    def work() -> None:
        while not stop.wait(every_s):
            step()

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def examined(broker: Mosquitto, keys: Keys, wait_s: float) -> dict[str, Outcome]:
    """The outcome under each rule."""
    candidate = Candidate(SITE, DEVICE, keys.device.public_key())
    results = Examination(candidate, keys.centre, wait_s, print).run(Address("127.0.0.1", broker.port, "central"))
    print(*results, sep="\n")  # noqa: T201 (shown when the test fails)
    return {result.rule.name: result.outcome for result in results}


SHELF = """
[[source]]
id = "cam-1"
kind = "camera"
url = "URL"

[[task]]
kind = "shelf_count"
source = "cam-1"
[task.settings]
frames = 1
look_every_s = 0
interval_s = 1
regions = [{ location = "a-01", sku = "tea", roi = [0.0, 0.0, 0.5, 0.5] }]
"""


@pytest.mark.slow
def test_our_own_agent_keeps_every_rule(broker: Mosquitto, tmp_path: Path) -> None:
    """The whole program as people start it, which counts one shelf of the simulator every second."""
    keys = Keys()
    config = device_file(tmp_path, keys, broker.port, DEVICE, "commit_interval_s = 0.2\n")
    with simulated(tmp_path) as site:
        config.write_text(config.read_text() + SHELF.replace("URL", site.cameras["cam-1"]))
        with agent_process("--config", config):
            outcomes = examined(broker, keys, wait_s=12)
    assert set(outcomes.values()) == {"kept"}


class Careless:
    """A device that believes a PUBACK, ignores gaps and epochs, takes any twin, and once sends too much at once."""

    def __init__(self, port: int, key: PrivateKey) -> None:
        self._key, self._next, self._heard = key, 1, Queue[Message]()
        listening = Listening(topics.down_filter(SITE, DEVICE), self._heard.put)
        self._bus = Bus(Address("127.0.0.1", port, DEVICE), DEVICE, listening=listening)

    def __enter__(self) -> "Careless":
        self._bus.__enter__()
        self._say("status", codec.encode(Birth(boot="b", started_at=NOON, version="0")), retain=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._bus.__exit__(None, None, None)

    def step(self) -> None:
        """Three events; 300 the third time."""
        count = 300 if self._next == 7 else 3
        some = [event(n) for n in range(self._next, self._next + count)]
        self._next += count
        self._say("events", codec.encode(batch(some, device=DEVICE)))
        while not self._heard.empty():
            self._obey(self._heard.get())

    def _obey(self, message: Message) -> None:
        self._bus.acknowledge(message)
        if message.topic.endswith("/desired"):
            version = codec.decode(message.payload, Desired).version
            self._say("reported", codec.encode(Reported(version=version, boot="b")), retain=True)

    def _say(self, branch: topics.Up, payload: bytes, retain: bool = False) -> None:
        topic = topics.up(SITE, DEVICE, branch)
        self._bus.publish(topic, payload, retain=retain, properties={"sig": sign(self._key, payload)})


@pytest.mark.slow
def test_a_careless_device_breaks_the_right_rules(broker: Mosquitto) -> None:
    """It signs, numbers and speaks well; what it does about silence, gaps, epochs and twins is told one by one."""
    keys = Keys()
    with Careless(broker.port, keys.device) as device, at_work(device.step):
        outcomes = examined(broker, keys, wait_s=2)
    broken = {name for name, outcome in outcomes.items() if outcome == "broken"}
    assert broken == {"puback", "gap", "epoch", "twin", "size"}


def test_a_device_that_says_nothing_is_not_judged(broker: Mosquitto) -> None:
    """Only its birth is missed."""
    outcomes = examined(broker, Keys(), wait_s=0.5)
    assert outcomes["birth"] == "broken"
    assert (outcomes["puback"], outcomes["gap"], outcomes["signed"]) == ("not_seen", "not_seen", "not_seen")


def test_a_batch_that_is_signed_by_another_key_is_told(broker: Mosquitto) -> None:
    """Its events do not count, whatever they say."""
    with Careless(broker.port, new_key()) as device, at_work(device.step):
        outcomes = examined(broker, Keys(), wait_s=0.5)
    assert (outcomes["signed"], outcomes["puback"]) == ("broken", "not_seen")
