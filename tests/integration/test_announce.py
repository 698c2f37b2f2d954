"""Announcements on a real broker: in order, after commit, at least once."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from central.background.announce import mqtt
from central.background.announce.mqtt import Announcer
from central.background.loop import run_background
from central.bus import Address, Bus
from central.errors import BusError
from central.store import announcements, decisions
from central.store.announcements import Saying
from tests.parts.house import SITE, House
from tests.parts.mosquitto import Mosquitto


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house."""
    house = House(tmp_path)
    yield house
    house.close()


@pytest.fixture
def bus(broker: Mosquitto) -> Iterator[Bus]:
    """The background's own client, connected."""
    with Bus(Address("127.0.0.1", broker.port, "central"), "background-test") as bus:
        until(lambda: bus.is_connected)
        yield bus


@contextmanager
def integrator(broker: Mosquitto) -> Iterator["Queue[tuple[str, dict[str, Any]]]"]:
    """A consumer of everything the site announces: (topic, CloudEvent), as they come."""
    heard: Queue[tuple[str, dict[str, Any]]] = Queue()
    client = Client(CallbackAPIVersion.VERSION2, client_id="integrator", protocol=MQTTProtocolVersion.MQTTv5)
    ready = Event()
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _c, _u, came: heard.put((came.topic, json.loads(came.payload)))
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    client.subscribe("tallyhouse/v1/out/#", qos=1)
    assert ready.wait(10)
    yield heard
    client.disconnect()
    client.loop_stop()


@contextmanager
def at_work(house: House, bus: Bus) -> Iterator[None]:
    """The background at work until the end of the block; it must stop when told to."""
    stop = Event()
    worker = Thread(target=run_background, args=(house.parts, bus, stop))
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(10)
        assert not worker.is_alive()


def until(is_so: Callable[[], bool], timeout_s: float = 20) -> None:
    """Wait until something is so."""
    pause = Event()
    for _ in range(int(timeout_s / 0.05)):
        if is_so():
            return
        pause.wait(0.05)
    raise AssertionError("it never came to be so")


def waiting(house: House) -> int:
    """Announcements that the broker does not have yet."""
    with house.parts.reading() as conn:
        return announcements.waiting(conn)[0]


def test_announcements_reach_an_integrator_in_order_and_without_a_hole(house: House, broker: Mosquitto, bus: Bus) -> None:
    """Numbers rise by one, decisions among them, each a CloudEvent of its topic."""
    with integrator(broker) as heard:
        for units in (30, 3, 1):
            house.count("b-04", units)
            house.decide()
        expected = waiting(house)
        announcer = Announcer(house.parts.engine, bus, house.parts.now)
        while announcer.announce():
            pass
        announcer.mark()
        came = [heard.get(timeout=10) for _ in range(expected)]
    assert [int(event["sequence"]) for _, event in came] == list(range(1, expected + 1))
    assert any(topic == f"tallyhouse/v1/out/{SITE}/decision/proposed" for topic, _ in came)
    for topic, event in came:
        domain, kind = topic.split("/")[4:6]
        assert (event["specversion"], event["type"]) == ("1.0", f"tallyhouse.{domain}.{kind}.v1")
    assert waiting(house) == 0


def test_nothing_is_marked_sent_while_the_broker_is_away(house: House, broker: Mosquitto, bus: Bus) -> None:
    """It waits as a row, and is said when the broker is back."""
    house.count("b-04", 3)
    house.decide()
    before = waiting(house)
    announcer = Announcer(house.parts.engine, bus, house.parts.now)
    broker.stop()
    until(lambda: not bus.is_connected)
    assert announcer.announce() == 0
    assert waiting(house) == before
    broker.start()
    until(lambda: bus.is_connected)
    with integrator(broker) as heard:
        said = announcer.announce()
        assert [int(heard.get(timeout=10)[1]["sequence"]) for _ in range(said)] == list(range(1, said + 1))
    announcer.mark()
    assert waiting(house) == 0


def test_what_was_said_before_the_broker_failed_is_not_said_again(
    house: House, broker: Mosquitto, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker goes away in the middle: what it took is marked, the rest waits."""
    house.count("b-04", 3)
    house.decide()
    monkeypatch.setattr(mqtt, "TAKEN_WITHIN_S", 0.3)
    total = waiting(house)
    assert total >= 2
    begin = bus.begin
    begun: list[Callable[[float], None]] = []

    def one_taken(*said: Any, **how: Any) -> Callable[[float], None]:
        if begun:
            begun[0](10)
            broker.kill()
            until(lambda: not bus.is_connected)
        begun.append(begin(*said, **how))
        return begun[-1]

    monkeypatch.setattr(bus, "begin", one_taken)
    announcer = Announcer(house.parts.engine, bus, house.parts.now)
    with pytest.raises(BusError):
        announcer.announce()
    announcer.mark()
    assert waiting(house) == total - 1


def test_a_wiped_broker_is_told_again_what_it_must_retain(house: House, broker: Mosquitto, bus: Bus) -> None:
    """Who asks for stock levels after the broker lost everything still gets the newest of each."""
    announcer = Announcer(house.parts.engine, bus, house.parts.now)
    house.count("b-04", 9)
    house.count("b-04", 3)
    while announcer.announce():
        pass
    broker.kill()
    until(lambda: not bus.is_connected)
    broker.start()
    until(lambda: bus.is_connected)  # nobody looked while it was away
    announcer.announce()
    with integrator(broker) as heard:
        topic, event = heard.get(timeout=10)
    assert topic.startswith(f"tallyhouse/v1/out/{SITE}/stock/level/")
    assert event["data"]["counted"] == 3


def test_a_long_row_is_said_whole_and_in_order(house: House, broker: Mosquitto, bus: Bus) -> None:
    """Many are on their way at once, and none overtakes another."""
    levels = [Saying("quality", "defect", {"n": n}, "/test") for n in range(450)]
    with house.parts.writing() as conn:
        announcements.announce_all(conn, SITE, levels, house.now)
    announcer = Announcer(house.parts.engine, bus, house.parts.now)
    with integrator(broker) as heard:
        while announcer.announce():
            pass
        came = [heard.get(timeout=10)[1]["data"]["n"] for _ in levels]
    assert came == list(range(450))
    assert waiting(house) == 450  # marked when the write lock is free, and by then said once only
    announcer.mark()
    assert waiting(house) == 0


def test_the_background_decides_and_announces_by_itself(house: House, broker: Mosquitto, bus: Bus) -> None:
    """Woken by a count, it proposes, says so, and stops when told to."""
    house.parts = house.parts_with_a_clock(lambda: datetime.now(UTC))
    house.now = datetime.now(UTC)
    house.sell_for(days=56, units=5)
    topic: str = ""
    event: dict[str, Any] = {}
    with integrator(broker) as heard, at_work(house, bus):
        house.count("b-04", 3)
        while not topic.endswith("decision/proposed"):
            topic, event = heard.get(timeout=20)
    with house.parts.reading() as conn:
        decision = decisions.get(conn, event["data"]["id"])
    assert decision is not None
    assert decision.state == "proposed"
