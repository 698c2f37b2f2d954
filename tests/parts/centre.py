"""A real ingest on a database of the test's own, and a device that speaks to it as a raw MQTT client."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from threading import Event as Flag
from threading import Thread

from sqlalchemy import Connection, Engine

from central.bus import Address, Bus, Listening, Message
from central.ingest import subscriber
from central.parts import Parts
from central.store import devices, schema
from central.store.devices import Device
from central.store.engine import open_engine
from protocols import codec, signing, topics
from protocols.envelope import Acknowledgement
from tests.makers import NOON
from tests.parts.ports import eventually

SITE = "s1"


@contextmanager
def migrated(path: Path) -> Iterator[Engine]:
    """An engine on a fresh database of the newest schema."""
    engine = open_engine(path)
    schema.upgrade(engine)
    yield engine
    engine.dispose()


def register(conn: Connection, name: str, key: signing.PrivateKey, site: str = SITE) -> None:
    """Put a device on record."""
    devices.add(conn, Device(name, site, name, signing.public_text(key), NOON))


def parts_on(engine: Engine) -> Parts:
    """Parts without capabilities, on the real clock."""
    return Parts(engine=engine, capabilities=(), now=lambda: datetime.now(UTC), site=SITE, broker="mqtt://127.0.0.1")


@contextmanager
def ingesting(engine: Engine, port: int) -> Iterator[signing.PrivateKey]:
    """`tallyhouse ingest` on a thread; yields the centre's key."""
    key, stop = signing.new_key(), Flag()
    address = Address("127.0.0.1", port, "central")
    thread = Thread(target=subscriber.run, args=(parts_on(engine), address, key, stop))
    thread.start()
    try:
        yield key
    finally:
        stop.set()
        thread.join()


class Voice:
    """A device at the broker: says batches, hears what comes down."""

    def __init__(self, bus: Bus, heard: "Queue[Message]", name: str, key: signing.PrivateKey, site: str) -> None:
        self._bus = bus
        self._heard = heard
        self.name = name
        self.key = key
        self.site = site

    def say(self, branch: topics.Up, payload: bytes, **properties: str) -> None:
        """Publish bytes on a branch of this device, signed unless `sig` is given."""
        signature = {"sig": signing.sign(self.key, payload)}
        self._bus.publish(topics.up(self.site, self.name, branch), payload, properties={**signature, **properties})

    def heard(self, timeout_s: float = 10) -> Message:
        """The next message from the centre."""
        return self._heard.get(timeout=timeout_s)

    def prove_subscription(self, within_s: float = 30) -> None:
        """Wait for the retained twin: the centre listens, and what it says arrives."""
        while not self.heard(within_s).topic.endswith("/down/desired"):
            pass

    def acknowledgement(self, timeout_s: float = 10) -> Acknowledgement:
        """The next `down/ack`, whatever else comes before it."""
        while True:
            message = self.heard(timeout_s)
            if message.topic.endswith("/down/ack"):
                return codec.decode(message.payload, Acknowledgement)


@contextmanager
def voice(port: int, name: str, key: signing.PrivateKey, site: str = SITE) -> Iterator[Voice]:
    """A connected device; call `prove_subscription` before it speaks."""
    heard: Queue[Message] = Queue()
    address = Address("127.0.0.1", port, name)
    subscribed = Flag()
    listening = Listening(topics.down_filter(site, name), heard.put)
    with Bus(address, name, listening=listening, connected=lambda _bus: subscribed.set()) as bus:
        eventually(subscribed.is_set, what=f"{name} to connect")
        yield Voice(bus, heard, name, key, site)
