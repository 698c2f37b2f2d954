"""A device in the simulation: the product's own outbox on a real file and its own sender, stepped through simulated time.

What it has committed is the oracle's measure: an event whose commit returned must never be lost. One whose process died
during the commit may be there or not, but whole.
"""

import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_agent.clock import DeviceClock
from edge_agent.errors import OutboxBusy, OutboxFull
from edge_agent.link.inbox import Inbox
from edge_agent.link.publisher import Publisher
from edge_agent.link.uploader import Uploader
from edge_agent.outbox.budget import Budget
from edge_agent.outbox.database import OUTBOX_NAME, OutboxFile
from edge_agent.outbox.entry import Entry, Stamper
from edge_agent.outbox.evidence import EvidenceSpool
from edge_agent.outbox.queue import Queue
from edge_agent.outbox.recovery import open_outbox
from edge_agent.outbox.reserve import RESERVE_BYTES
from protocols.codec import encode
from protocols.messages.device import Birth
from protocols.messages.registry import EventData
from protocols.signing import PrivateKey, PublicKey
from tests.model.agenda import Agenda, MachineClock
from tests.model.fuse import Fuse
from tests.model.line import Line
from tests.model.network import Broker

SITE = "s1"
UNLIMITED_PAGES = 2**30


@dataclass(frozen=True)
class Place:
    """Where a device stands: what outlives its processes."""

    name: str
    folder: Path
    key: PrivateKey
    centre_key: PublicKey
    agenda: Agenda
    broker: Broker
    rng: random.Random
    room_bytes: int | None


@dataclass
class Process:
    """One life of the agent: everything that a kill takes away."""

    stamper: Stamper
    file: OutboxFile
    queue: Queue
    publisher: Publisher
    line: Line
    fuse: Fuse


class Device:
    """An agent that can be killed, and the record of what it concluded.

    produced: sequence → the event as committed; was_cramped: whether its disk ever had no room.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.clock = MachineClock(place.agenda)
        self.produced: dict[int, Entry] = {}
        self.process: Process | None = None
        self.is_disk_full = False
        self.was_cramped = place.room_bytes is not None
        self._lives = self._boots = 0
        self._folder = place.folder / "0"
        self._pending: list[Entry] = []
        self._in_doubt: list[Entry] = []
        self.boot()

    @property
    def name(self) -> str:
        """Its id."""
        return self.place.name

    @property
    def is_delivered(self) -> bool:
        """Whether everything it concluded is acknowledged."""
        return self.process is not None and not self._pending and not self.process.queue.has_waiting()

    def restart(self) -> None:
        """The process ends, if it still runs, and starts again."""
        self.kill()
        self.start()

    def reboot(self) -> None:
        """The machine loses power and comes back."""
        self.kill()
        self.boot()

    def boot(self) -> None:
        """The machine starts: its monotonic clock begins again."""
        self._boots += 1
        self.clock.boot()
        self.start()

    def start(self) -> None:
        """The process starts, on what the last one left; no effect while it runs."""
        if self.process is None:
            self.process = self._opened()
            self._settle_doubts(self.process.queue)
            self._limit_disk()
            self.process.line.start()

    def kill(self, statements: int = 0) -> None:
        """kill -9, now or before so many statements from now."""
        if self.process is not None and statements:
            self.process.fuse.light(statements)
        elif self.process is not None:
            self.process.fuse.burn()
            self._bury()

    def fill_disk(self, is_full: bool) -> None:
        """Let the file grow no further, or again."""
        self.is_disk_full = is_full
        self.was_cramped = self.was_cramped or is_full
        self._limit_disk()

    def conclude(self, findings: Sequence[EventData]) -> None:
        """Commit findings, with those that a full disk kept waiting."""
        if self.process is None:
            return
        self._pending += [self.process.stamper.entry(finding) for finding in findings]
        self._commit(self.process)

    def due_s(self) -> float:
        """When the sender has something to do."""
        if self.process is None:
            return float("inf")
        return self.place.agenda.now_s + (0.0 if self.is_called else self.process.publisher.wait_s())

    @property
    def is_called(self) -> bool:
        """Whether something happened that the sender has not taken yet."""
        return self.process is not None and not self.process.line.happenings.empty()

    def step(self) -> None:
        """Let the sender do what is due."""
        if self.process is not None:
            self.process.publisher.step(0.0)
            self._bury_if_dead()

    def close(self) -> None:
        """The end of the schedule."""
        if self.process is not None:
            self.process.file.close()

    def _commit(self, process: Process) -> None:
        if not self._pending:
            return None
        try:
            sequences = process.queue.append(self._pending, self.clock.wall())
        except (OutboxFull, OutboxBusy):
            return self._bury_if_dead()
        if process.fuse.is_burnt:
            self._in_doubt = self._pending
        else:
            self.produced.update(zip(sequences, self._pending, strict=True))
            process.publisher.nudge()
        self._pending = []
        return self._bury_if_dead()

    def _settle_doubts(self, queue: Queue) -> None:
        known = max(self.produced, default=0)
        doubted = dict(enumerate(self._in_doubt, known + 1))
        if queue.last > known:
            assert queue.last == known + len(doubted), f"half a commit: {queue.last} of {known} + {len(doubted)}"
            self.produced.update(doubted)
        assert queue.last >= known, f"committed up to {known}, found {queue.last} after the kill"
        self._in_doubt = []

    def _bury_if_dead(self) -> None:
        if self.process is not None and self.process.fuse.is_burnt:
            self._bury()

    def _bury(self) -> None:
        assert self.process is not None
        self.process.file.close()
        self.process = None
        self._pending = []

    def _limit_disk(self) -> None:
        if self.process is not None:
            connection = self.process.file.connection
            pages = _pages(connection) if self.is_disk_full else UNLIMITED_PAGES
            connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()

    def _opened(self) -> Process:
        place, folder = self.place, self._folder
        self._lives += 1
        self._folder = place.folder / str(self._lives)
        clock = DeviceClock(f"boot-{self._boots}", self.clock.wall, self.clock.monotonic_ms, lambda: "ntp")
        stamper = Stamper(clock)
        file = open_outbox(folder / OUTBOX_NAME, stamper)
        queue = Queue(file, _budget(place.room_bytes))
        line = Line(place.agenda, place.rng, place.broker, SITE, place.name, place.key)
        uploader = Uploader(place.name, EvidenceSpool(file), line)
        birth = encode(Birth(boot=clock.boot, started_at=self.clock.wall(), version="model"))
        publisher = Publisher(line, queue, uploader, Inbox(SITE, place.name, place.centre_key), clock, birth)
        fuse = Fuse(file.path, self._folder, line.die)
        fuse.watch(file.connection)
        return Process(stamper, file, queue, publisher, line, fuse)


def _budget(room_bytes: int | None) -> Budget:
    """So much for events beside what the reserve always takes."""
    return Budget() if room_bytes is None else Budget(RESERVE_BYTES + room_bytes, 0, grace_bytes=room_bytes // 2)


def _pages(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA page_count").fetchone()[0])
