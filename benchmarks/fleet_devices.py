"""A thousand devices in one process (`python -m`): each with its connection, key, sequence and unanswered events.

Usage: FILE PORT SECONDS; the file holds the keys (name → PEM). Each device concludes an event a second, at its own moment of
the second, and sends it signed in a batch of its own, as long as fewer than twenty wait for their answer; what waits longer
than an agent's patience, or behind a gap, is sent again. An event counts as committed when it has its sequence (a thousand
outboxes on one disk would measure that disk), and as landed when `down/ack` covers it. One more connection hears `out/…`.
Prints "ready", waits for a line, and prints the result as JSON.
"""

import random
import resource
import select
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from benchmarks import ingest_events
from benchmarks.fleet_line import Line
from benchmarks.ingest_events import MODEL, SITE, publish
from edge_agent.link.window import LONGEST_PATIENCE_S, MAX_STALLS
from protocols import codec, signing, topics
from protocols.envelope import MAX_BATCH_EVENTS, Acknowledgement, BatchHead, Event
from protocols.identity import uuid7
from protocols.messages.device import Birth
from protocols.messages.registry import kind_of

SEED = 20261124
BOOT = "b3f1"
WINDOW, PATIENCE_S, LAST_ANSWERS_S = 20, 5.0, 150.0
ANNOUNCED = {"defect/1", "equipment_anomaly/1"}  # under the event's own id
HEARD = ("quality/defect", "equipment/anomaly")


class Told(Struct, frozen=True):
    """What came of it. backlog: each second, events committed and not landed, of all devices; out_s: from commit to `out/…`.

    unheard: events that were never announced; late_s: the longest that this program itself was behind its own timetable.
    """

    messages: int
    events: int
    landed: int
    rewinds: int
    backlog: list[int]
    out_s: list[float]
    unheard: int
    late_s: float
    cpu_s: float
    wall_s: float


class _Said(Struct):
    """Of a CloudEvent, what is looked at here."""

    id: str


@dataclass
class Device:
    """One simulated device. waiting: events without an answer; flights: the last sequence of each batch under way."""

    line: Line
    source: ingest_events.Device
    topic: str
    last: int = 0
    sent: int = 0
    landed: int = 0
    moved_s: float = 0.0
    stalls: int = 0
    number: int = 0
    waiting: deque[bytes] = field(default_factory=deque)
    flights: deque[int] = field(default_factory=deque)


class Fleet:
    """All devices and the listener. Moments are monotonic seconds."""

    def __init__(self, port: int, keys: dict[str, bytes]) -> None:
        self._began_s = time.monotonic()
        self._out = Line(port, "listener", f"{topics.ROOT}/out/{SITE}/#")
        self._devices = [self._device(port, n, name, pem) for n, (name, pem) in enumerate(keys.items())]
        self._poll = select.epoll()
        self._by_socket = {device.line.socket.fileno(): device for device in self._devices}
        for number in (*self._by_socket, self._out.socket.fileno()):
            self._poll.register(number, select.EPOLLIN)
        self._unheard: dict[str, float] = {}
        self._out_s: list[float] = []
        self._messages = self._committed = self._landed = self._rewinds = 0

    def run(self, seconds: float) -> Told:
        """So many seconds of events, then wait for the answers that are missing."""
        before_s, began_s = _cpu_s(), time.monotonic()
        backlog: list[int] = []
        every_s, turn, late_s = 1 / len(self._devices), 0, 0.0
        turns = int(seconds * len(self._devices))
        while turn < turns:
            now_s = time.monotonic()
            due_s = began_s + turn * every_s
            if now_s >= due_s:
                self._conclude(self._devices[turn % len(self._devices)], now_s)
                late_s = max(late_s, now_s - due_s)
                turn += 1
            self._hear(max(0.0, due_s - now_s))
            if now_s - began_s >= len(backlog) + 1:
                backlog.append(self._committed - self._landed)
                self._send_again(now_s)
        wall_s = time.monotonic() - began_s
        self._wait_for_the_rest()
        counts = (self._messages, self._committed, self._landed, self._rewinds)
        return Told(*counts, backlog, self._out_s, len(self._unheard), late_s, _cpu_s() - before_s, wall_s)

    def _device(self, port: int, n: int, name: str, pem: bytes) -> Device:
        line = Line(port, name, topics.down_filter(SITE, name))
        source = ingest_events.Device(name, signing.private_key(pem), random.Random(SEED + n))
        device = Device(line, source, topics.up(SITE, name, "events"))
        birth = codec.encode(Birth(boot=BOOT, started_at=codec.wire_time(datetime.now(UTC)), version="benchmark"))
        self._say(device, topics.up(SITE, name, "status"), birth)
        return device

    def _conclude(self, device: Device, now_s: float) -> None:
        at = datetime.now(UTC)
        data = device.source.concluded(at)
        device.last += 1
        event_id = str(uuid7(int(at.timestamp() * 1000), device.source.rng.randbytes(10)))
        event = Event(
            sequence=device.last,
            id=event_id,
            kind=kind_of(data),
            occurred_at=codec.wire_time(at),
            monotonic_ms=self._monotonic_ms(),
            clock="ntp",
            data=msgspec.Raw(codec.encode(data)),
            model=MODEL,
        )
        device.waiting.append(codec.encode(event))
        self._committed += 1
        if event.kind in ANNOUNCED:
            self._unheard[event_id] = time.monotonic()
        self._send(device, now_s)

    def _send(self, device: Device, now_s: float) -> None:
        if device.sent >= device.last or len(device.flights) >= WINDOW:
            return
        first = device.sent + 1
        upto = min(device.last, device.sent + MAX_BATCH_EVENTS)
        start = first - device.landed - 1
        rows = [device.waiting[place] for place in range(start, start + upto - device.sent)]
        batch = BatchHead(
            device=device.source.name,
            boot=BOOT,
            lane="order",
            first=first,
            sent_at=codec.wire_time(datetime.now(UTC)),
            sent_monotonic_ms=self._monotonic_ms(),
            events=[msgspec.Raw(row) for row in rows],
        )
        self._say(device, device.topic, codec.encode(batch))
        self._messages += 1
        if not device.flights:
            device.moved_s = now_s
        device.flights.append(upto)
        device.sent = upto

    def _say(self, device: Device, topic: str, payload: bytes) -> None:
        properties = {"v": "1", "sig": signing.sign(device.source.key, payload)}
        device.number = device.number % 60_000 + 1
        device.line.say(publish(topic, payload, properties, device.number))

    def _hear(self, timeout_s: float) -> None:
        for number, _ in self._poll.poll(timeout_s):
            device = self._by_socket.get(number)
            if device is None:
                self._announced()
            else:
                self._answered(device)

    def _announced(self) -> None:
        now_s = time.monotonic()
        for message in self._out.heard():
            if message.topic.endswith(HEARD):
                committed_s = self._unheard.pop(codec.decode(message.payload, _Said).id, None)
                if committed_s is not None:  # else it was announced twice
                    self._out_s.append(now_s - committed_s)

    def _answered(self, device: Device) -> None:
        for message in device.line.heard():
            if message.topic.endswith("/down/ack"):
                said = codec.decode(message.payload, Acknowledgement)
                reached = said.upto if said.upto is not None else said.gap
                if reached is not None and reached > device.landed:
                    self._advance(device, reached)
                if said.gap is not None and said.gap < device.sent:
                    self._rewind(device)

    def _advance(self, device: Device, reached: int) -> None:
        self._landed += reached - device.landed
        for _ in range(reached - device.landed):
            device.waiting.popleft()
        device.landed, device.moved_s, device.stalls = reached, time.monotonic(), 0
        device.sent = max(device.sent, reached)
        while device.flights and device.flights[0] <= reached:
            device.flights.popleft()

    def _rewind(self, device: Device) -> None:
        self._rewinds += 1
        device.sent = device.landed
        device.flights.clear()

    def _send_again(self, now_s: float) -> None:
        for device in self._devices:
            if device.flights and now_s - device.moved_s > _patience_s(device.stalls):
                device.stalls += 1
                self._rewind(device)
            self._send(device, now_s)

    def _wait_for_the_rest(self) -> None:
        ends_s = time.monotonic() + LAST_ANSWERS_S
        while (self._landed < self._committed or self._unheard) and time.monotonic() < ends_s:
            self._hear(0.2)
            self._send_again(time.monotonic())

    def _monotonic_ms(self) -> int:
        return int((time.monotonic() - self._began_s) * 1000)


def _patience_s(stalls: int) -> float:
    return float(min(LONGEST_PATIENCE_S, PATIENCE_S * 2 ** max(0, stalls - MAX_STALLS)))


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Let them speak."""
    file, port, seconds = sys.argv[1:]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if soft < hard else soft, hard))
    fleet = Fleet(int(port), msgspec.msgpack.decode(Path(file).read_bytes(), type=dict[str, bytes]))
    print("ready", flush=True)
    sys.stdin.readline()
    print(codec.encode(fleet.run(float(seconds))).decode(), flush=True)


if __name__ == "__main__":
    main()
