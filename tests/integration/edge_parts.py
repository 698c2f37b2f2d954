"""Parts of an agent for integration tests: its outbox, entries, configuration file, link."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from threading import Thread

from edge_agent.clock import DeviceClock
from edge_agent.link.connection import BrokerPlace, Connection
from edge_agent.link.inbox import Inbox
from edge_agent.link.publisher import Publisher
from edge_agent.link.uploader import Uploader
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.entry import Attachment, Entry
from edge_agent.outbox.evidence import EvidenceSpool
from edge_agent.outbox.queue import Queue
from protocols.codec import encode
from protocols.messages.device import Birth, Will
from protocols.messages.registry import kind_of
from protocols.signing import PrivateKey, new_key, private_pem, public_text
from tests.makers import NOON, event_id, shelf_count
from tests.parts.small_centre import SmallCentre

SITE, DEVICE, BOOT = "s1", "eye-01", "b3f1"
EDGE = [sys.executable, "-m", "edge_agent.cli"]


def entry(number: int, boot: str = BOOT, attachment: Attachment | None = None) -> Entry:
    """A shelf count that carries `number` as its units."""
    data = shelf_count(units=number, facings=number)
    return Entry(event_id(number), boot, NOON, number * 1000, "ntp", kind_of(data), encode(data), None, attachment)


def entries(first: int, last: int) -> list[Entry]:
    """Shelf counts numbered from `first` to `last`."""
    return [entry(number) for number in range(first, last + 1)]


@contextmanager
def opened_outbox(path: Path) -> Iterator[tuple[OutboxFile, Queue]]:
    """The outbox in `path`, closed at the end of the block."""
    file = OutboxFile(path)
    try:
        yield file, Queue(file)
    finally:
        file.close()


@dataclass
class Keys:
    """The device's and the centre's."""

    device: PrivateKey = field(default_factory=new_key)
    centre: PrivateKey = field(default_factory=new_key)


def centre_for(keys: Keys, port: int, device: str = DEVICE) -> SmallCentre:
    """A small centre that knows the device's key."""
    return SmallCentre(port, SITE, device, keys.device.public_key(), keys.centre)


def device_file(folder: Path, keys: Keys, port: int, device: str, extra: str = "") -> Path:
    """The TOML and key that `tallyhouse device add` writes, in `folder`."""
    key_file = folder / f"{device}.key"
    key_file.write_bytes(private_pem(keys.device))
    key_file.chmod(0o600)
    path = folder / f"{device}.toml"
    path.write_text(
        f'site = "{SITE}"\ndevice = "{device}"\nkey_file = "{key_file.name}"\ncentre_key = "{public_text(keys.centre)}"\n'
        f"{extra}\n[broker]\nport = {port}\n"
    )
    return path


@contextmanager
def agent_process(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """`tallyhouse-edge run` with these arguments as a process of its own, killed at the end of the block."""
    command = [*EDGE, "run", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True) as agent:
        try:
            yield agent
        finally:
            agent.kill()


@contextmanager
def connected(keys: Keys, port: int) -> Iterator[Connection]:
    """The device's connection, started, with a farewell at the end."""
    will = encode(Will(boot=BOOT, reason="connection_lost"))
    connection = Connection(SITE, DEVICE, BrokerPlace("127.0.0.1", port, DEVICE, None, 20), keys.device, will)
    connection.start()
    try:
        yield connection
    finally:
        connection.stop(encode(Will(boot=BOOT, reason="stopped")))


@contextmanager
def running_link(file: OutboxFile, queue: Queue, keys: Keys, port: int, patience_s: float = 5.0) -> Iterator[Publisher]:
    """A publisher at work on `queue`; `publisher.nudge()` after each append."""
    stop, birth = Flag(), encode(Birth(boot=BOOT, started_at=NOON, version="test"))
    inbox = Inbox(SITE, DEVICE, keys.centre.public_key())
    with connected(keys, port) as connection:
        uploader = Uploader(DEVICE, EvidenceSpool(file), connection)
        publisher = Publisher(connection, queue, uploader, inbox, DeviceClock(BOOT), birth, patience_s)
        thread = Thread(target=publisher.run, args=(stop,), daemon=True)
        thread.start()
        try:
            yield publisher
        finally:
            stop.set()
            connection.nudge()
            thread.join(10)
