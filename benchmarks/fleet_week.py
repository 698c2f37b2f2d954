"""Seven days without a line, then everything at once: how long until the centre has it, and what new alarms wait meanwhile.

The week is put into a real outbox in simulated time, one event a second, committed as an agent commits: defects and
anomalies at once, the rest after ten seconds. Then `fleet_edge` connects it to a real broker and a real `tallyhouse ingest`.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from random import Random
from threading import Thread
from typing import IO

from sqlalchemy import text

from benchmarks.fleet_house import House, cpu_s
from benchmarks.ingest_events import Device
from central.store.engine import reading
from edge_agent.clock import DeviceClock
from edge_agent.outbox.budget import Budget
from edge_agent.outbox.database import OUTBOX_NAME, OutboxFile
from edge_agent.outbox.entry import Entry, Stamper
from edge_agent.outbox.queue import Queue
from edge_agent.outbox.ranks import ALARMS
from edge_agent.outbox.view import shown
from protocols import signing
from protocols.messages.registry import kind_of

DEVICE, BOOT, SEED = "dev-00", "b3f1", 20261124
WEEK_S = 7 * 24 * 3600
COMMIT_S = 10
LOOK_EVERY_S = 0.02
PATIENCE_S = 900.0


@dataclass
class Week:
    """What came of it. filled_mb: what the outbox took of the disk at the end of the week; waits_s: of each live alarm."""

    events: int
    filled_mb: float = 0.0
    budget_mb: float = 0.0
    evicted: int = 0
    fill_s: float = 0.0
    drain_s: float = 0.0
    lost: int = 0
    waits_s: list[float] = field(default_factory=list)
    edge_cpu_s: float = 0.0
    ingest_cpu_s: float = 0.0
    rewinds: int = 0
    news: int = 0

    def cpu_us(self, seconds: float) -> float:
        """Of an event."""
        return seconds / self.events * 1e6


def lived(folder: Path, seconds: int) -> Week:
    """So many seconds offline, then the drain."""
    folder.mkdir()
    key = signing.new_key()
    outbox = folder / OUTBOX_NAME
    week = Week(seconds)
    _fill(outbox, key, week)
    with ExitStack() as stack:
        house = House(folder / "centre", stack, {DEVICE: key})
        programs = stack.enter_context(house.running("ingest"))
        edge = stack.enter_context(_edge(folder, outbox, key, house))
        before_s = cpu_s([programs["ingest"]])
        _watch(house, edge, week)
        week.ingest_cpu_s = cpu_s([programs["ingest"]]) - before_s
        week.edge_cpu_s, week.rewinds, week.news = edge.stopped()
    return week


def _fill(outbox: Path, key: signing.PrivateKey, week: Week) -> None:
    began_s = time.monotonic()
    file = OutboxFile(outbox)
    try:
        file.connection.execute("PRAGMA synchronous = OFF")  # the same file, sooner: no power is cut meanwhile
        queue = Queue(file)
        for entries, now in _commits(key, week.events):
            queue.append(entries, now)
        week.filled_mb = file.occupied_bytes() / 1e6
    finally:
        file.close()
    week.fill_s = time.monotonic() - began_s
    view = shown(outbox)
    week.budget_mb, week.evicted = Budget().events_bytes / 1e6, view.room.evicted_events


def _commits(key: signing.PrivateKey, seconds: int) -> Iterator[tuple[list[Entry], datetime]]:
    began = datetime.now(UTC) - timedelta(seconds=seconds)
    clock_ms = [0]
    clock = DeviceClock(BOOT, lambda: began + timedelta(milliseconds=clock_ms[0]), lambda: clock_ms[0], lambda: "ntp")
    stamper, device = Stamper(clock), Device(DEVICE, key, Random(SEED))
    waiting: list[Entry] = []
    for second in range(seconds):
        clock_ms[0] = second * 1000
        data = device.concluded(clock.now().at)
        is_urgent = kind_of(data) in ALARMS
        waiting.append(stamper.entry(data, urgent=is_urgent))
        if is_urgent or len(waiting) >= COMMIT_S or second == seconds - 1:
            yield waiting, clock.now().at
            waiting = []


class _Edge:
    """The edge's process: alarms that it has committed, by sequence."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._reader = Thread(target=self._read, args=(_there(process.stdout),), daemon=True)
        self._reader.start()
        self.line(60)

    def say(self) -> None:
        """The line that it waits for."""
        stdin = _there(self._process.stdin)
        stdin.write("\n")
        stdin.flush()

    def line(self, timeout_s: float) -> str:
        """What it printed next."""
        return self._lines.get(timeout=timeout_s)

    def alarms(self) -> Iterator[tuple[int, float]]:
        """Those printed since the last look: sequence, moment of commit."""
        while True:
            try:
                sequence, moment = self._lines.get_nowait().split()
            except Empty:
                return
            yield int(sequence), float(moment)

    def stopped(self) -> tuple[float, int, int]:
        """Stop it: CPU seconds, rewinds, news told."""
        self.say()
        while not (line := self.line(30)).startswith("cpu"):
            pass
        self._process.wait(30)
        _, cpu, rewinds, news = line.split()
        return float(cpu), int(rewinds), int(news)

    def _read(self, stdout: IO[str]) -> None:
        for line in stdout:
            self._lines.put(line)


@contextmanager
def _edge(folder: Path, outbox: Path, key: signing.PrivateKey, house: House) -> Iterator[_Edge]:
    key_file = folder / "device.key"
    key_file.write_bytes(signing.private_pem(key))
    port, centre = str(house.broker.port), signing.public_text(house.centre)
    command = [sys.executable, "-m", "benchmarks.fleet_edge", str(outbox), str(key_file), centre, port]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root, text=True) as process:
        try:
            yield _Edge(process)
        finally:
            process.kill()


def _watch(house: House, edge: _Edge, week: Week) -> None:
    """Until the week and every alarm committed meanwhile are rows at the centre."""
    began_s = time.monotonic()
    edge.say()
    waiting: dict[int, float] = {}
    made, looked = 0, 0
    while not week.drain_s or waiting:
        time.sleep(LOOK_EVERY_S)
        if not week.drain_s:
            for sequence, moment in edge.alarms():
                waiting[sequence] = moment
                made += 1
        if waiting:
            for sequence in _live_rows(house, week.events):
                if sequence in waiting:
                    week.waits_s.append(time.monotonic() - waiting.pop(sequence))
        looked += 1
        now_s = time.monotonic()
        if not week.drain_s and looked % 5 == 0 and house.ledger(DEVICE).cursor >= week.events:
            week.drain_s = now_s - began_s
        if now_s - began_s > PATIENCE_S:
            raise SystemExit(f"not drained within {PATIENCE_S:.0f} s; the programs say: {house.said()}")
    ledger = house.ledger(DEVICE)
    week.lost = week.events - _stored_of_week(house, week.events) + ledger.declared_lost + ledger.quarantined


def _live_rows(house: House, after: int) -> list[int]:
    with reading(house.engine) as conn:
        rows = conn.execute(
            text("SELECT sequence FROM events WHERE device = :d AND sequence > :s"), {"d": DEVICE, "s": after}
        )
        return [row[0] for row in rows]


def _stored_of_week(house: House, upto: int) -> int:
    with reading(house.engine) as conn:
        query = text("SELECT count(*) FROM events WHERE device = :d AND sequence <= :s")
        return int(conn.execute(query, {"d": DEVICE, "s": upto}).scalar_one())


def _there(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise SystemExit("the edge has no pipe")
    return stream
