"""How many durable events a second does the centre land, beside a listener that throws everything away?

The real `tallyhouse ingest` as a process on a real mosquitto: signature, quarantine, cursors, projections, change log,
announcements and due runs, committed with `synchronous=FULL` before anything is acknowledged. Twenty devices each keep at
most twenty batches under way. Peer: `mosquitto_sub > /dev/null` on the same events, one a message, before and after, in the
same minute. A ratio is events a second of wall time against the peer's; CPU seconds of both stand beside.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import msgspec
import psutil  # type: ignore[import-untyped]
from sqlalchemy import Engine, text

from benchmarks.ingest_events import SITE, STARTED_AT, Device, Packet, fleet
from benchmarks.report import Options, Result, run
from central.fleet.secret_files import write_secret
from central.store import devices, schema
from central.store.engine import open_engine, reading, writing
from protocols import signing, topics
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually

DEVICES, WINDOW, BATCH = 20, 20, 50
SEED = 20261124
START_S = 60.0


@dataclass(frozen=True)
class Plan:
    """Events a round of each kind."""

    rounds: int
    batched: int
    unbatched: int


FULL, QUICK = Plan(3, 150_000, 20_000), Plan(1, 30_000, 5_000)


@dataclass(frozen=True)
class Speed:
    """Events over wall and CPU seconds of the process that took them."""

    events: int
    wall_s: float
    cpu_s: float

    @property
    def events_a_second(self) -> float:
        """Of wall time."""
        return self.events / self.wall_s

    @property
    def cpu_us(self) -> float:
        """CPU microseconds an event."""
        return self.cpu_s / self.events * 1e6


@dataclass(frozen=True)
class Round:
    """What is held against each other; the peer is measured before and after."""

    peer: Speed
    unbatched: Speed
    batched: Speed

    def ratio(self, speed: Speed) -> float:
        """Against the peer, by wall time."""
        return speed.events_a_second / self.peer.events_a_second

    def cpu_ratio(self, speed: Speed) -> float:
        """Against the peer, by CPU time of the receiving process."""
        return self.peer.cpu_us / speed.cpu_us


class House:
    """A broker, a database with twenty devices on record, and an ingest that can be started."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.devices = fleet(DEVICES, SEED)
        self.broker = Mosquitto(folder)
        self.broker.start()
        stack.callback(self.broker.stop)
        self.engine = open_engine(folder / "tallyhouse.db")
        stack.callback(self.engine.dispose)
        schema.upgrade(self.engine)
        with writing(self.engine) as conn:
            for one in self.devices:
                key = signing.public_text(one.key)
                devices.add(conn, devices.Device(one.name, SITE, one.name, key, STARTED_AT))
        self._write_config()

    @contextmanager
    def ingest(self) -> Iterator[psutil.Process]:
        """`tallyhouse ingest` as a process that hears the devices."""
        command = [_command("tallyhouse"), "ingest", "--config", str(self.folder / "tallyhouse.toml")]
        with (self.folder / "ingest.log").open("ab") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
            try:
                self._wait_until_heard()
                yield psutil.Process(process.pid)
            finally:
                process.terminate()

    def forget_sessions(self) -> None:
        """A fresh broker: the ingest has a session, for which the old one would keep what the peer is sent."""
        self.broker.stop()
        self.broker.start()

    def _wait_until_heard(self) -> None:
        port = str(self.broker.port)
        wait = ["mosquitto_sub", "-p", port, "-V", "5", "-t", topics.CENTRAL_STATE, "-C", "1", "-W", f"{START_S:.0f}"]
        eventually(lambda: b'"online":true' in subprocess.run(wait, capture_output=True, check=False).stdout, START_S)

    def _write_config(self) -> None:
        write_secret(self.folder / "central.password", b"none asked for")
        write_secret(self.folder / "centre.key", signing.private_pem(signing.new_key()))
        (self.folder / "tallyhouse.toml").write_text(
            f'site = "{SITE}"\nsigning_key_file = "centre.key"\nlog_level = "warning"\n'
            f'[broker]\nport = {self.broker.port}\npassword_file = "central.password"\n'
        )


def measure(options: Options) -> Result:
    """So many rounds of peer, one event a message, fifty a message, peer; the median of each ratio."""
    plan = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        house = House(Path(folder), stack)
        rounds = [_round(house, plan) for _ in range(plan.rounds)]
        sent = sum(one.sequence for one in house.devices)
        lost, twice = sent - _landed(house.engine), _applied_twice(house.engine)
    batched, unbatched = (median(one.ratio(speed) for one, speed in speeds) for speeds in _by_kind(rounds))
    return Result(
        figures={
            "events": sent,
            "batched_ratio": round(batched, 2),
            "unbatched_ratio": round(unbatched, 3),
            "lost": lost,
            "applied_twice": twice,
        },
        peers={"mosquitto_sub_events_a_second": round(median(one.peer.events_a_second for one in rounds))},
        rows=_table(rounds),
        data=f"{DEVICES} simulated devices, seed {SEED}",
        notes=["a ratio of the figures is that of wall time; CPU time is of the receiving processes alone"],
    )


def _round(house: House, plan: Plan) -> Round:
    single, many = _packets(house.devices, plan.unbatched, 1), _packets(house.devices, plan.batched, BATCH)
    before = _peer(house, single)
    house.forget_sessions()
    with house.ingest() as process:
        unbatched = _landing(house, process, single, plan.unbatched)
        batched = _landing(house, process, many, plan.batched)
    house.forget_sessions()
    after = _peer(house, single)
    peer = Speed(before.events + after.events, before.wall_s + after.wall_s, before.cpu_s + after.cpu_s)
    return Round(peer, unbatched, batched)


def _packets(fleet: Sequence[Device], events: int, batch_events: int) -> list[Packet]:
    streams = [one.packets(events // len(fleet), batch_events) for one in fleet]
    return [packet for together in zip(*streams, strict=True) for packet in together]


def _peer(house: House, packets: list[Packet]) -> Speed:
    port, n = str(house.broker.port), len(packets)
    command = ["mosquitto_sub", "-p", port, "-V", "5", "-q", "1", "-t", topics.UP_FILTER, "-C", str(n)]
    with _publisher(house, packets, window=0) as publisher, subprocess.Popen(command, stdout=subprocess.DEVNULL) as listener:
        time.sleep(1)  # mosquitto_sub does not say when it is subscribed
        began_s = _go(publisher)
        _, _, usage = os.wait4(listener.pid, 0)
        wall_s = time.monotonic() - began_s
    return Speed(n, wall_s, usage.ru_utime + usage.ru_stime)


def _landing(house: House, process: psutil.Process, packets: list[Packet], events: int) -> Speed:
    with _publisher(house, packets, WINDOW) as publisher:
        before_s = _cpu_s(process)
        began_s = _go(publisher)
        if publisher.wait() != 0:
            raise SystemExit(f"the publisher gave up; the ingest says: {(house.folder / 'ingest.log').read_text()[-2000:]}")
        wall_s, cpu_s = time.monotonic() - began_s, _cpu_s(process) - before_s
    return Speed(events, wall_s, cpu_s)


def _cpu_s(process: psutil.Process) -> float:
    """Of the process and of those that it has started: the one that checks signatures."""
    spent = [one.cpu_times() for one in (process, *process.children())]
    return sum(float(times.user + times.system) for times in spent)


@contextmanager
def _publisher(house: House, packets: list[Packet], window: int) -> Iterator["subprocess.Popen[bytes]"]:
    file = house.folder / "packets"
    file.write_bytes(msgspec.msgpack.encode(packets))
    command = [sys.executable, "-m", "benchmarks.ingest_publisher", str(house.broker.port), str(file), str(window)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]) as process:
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            raise SystemExit("the publisher did not start")
        yield process


def _go(publisher: "subprocess.Popen[bytes]") -> float:
    if publisher.stdin is None:
        raise SystemExit("the publisher cannot be told to begin")
    publisher.stdin.write(b"go\n")
    publisher.stdin.flush()
    return time.monotonic()


def _landed(engine: Engine) -> int:
    with reading(engine) as conn:
        return int(conn.execute(text("SELECT count(*) FROM events")).scalar_one())


def _applied_twice(engine: Engine) -> int:
    """Counts, and announcements of defects and anomalies, beyond one for each event that makes one."""
    with reading(engine) as conn:
        made = conn.execute(text("SELECT kind, count(*) FROM events GROUP BY kind")).all()
        counts = conn.execute(text("SELECT count(*) FROM counts")).scalar_one()
        said = "SELECT count(*) FROM announcements WHERE topic LIKE '%/quality/defect' OR topic LIKE '%/equipment/anomaly'"
        announced = conn.execute(text(said)).scalar_one()
    events: dict[str, int] = {row.kind: row[1] for row in made}
    wanted = events["defect/1"] + events.get("equipment_anomaly/1", 0)
    return abs(int(counts) - events["shelf_count/1"]) + abs(int(announced) - wanted)


def _by_kind(rounds: Sequence[Round]) -> tuple[list[tuple[Round, Speed]], list[tuple[Round, Speed]]]:
    return [(one, one.batched) for one in rounds], [(one, one.unbatched) for one in rounds]


def _table(rounds: Sequence[Round]) -> list[list[str]]:
    rows = [["round", "events", "events/s", "ratio, wall", "CPU s", "µs CPU an event", "ratio, CPU"]]
    for number, one in enumerate(rounds, start=1):
        rows.append(_row(f"{number} mosquitto_sub", one, one.peer))
        rows.append(_row(f"{number} ingest, 1 a message", one, one.unbatched))
        rows.append(_row(f"{number} ingest, {BATCH} a message", one, one.batched))
    return rows


def _row(name: str, one: Round, speed: Speed) -> list[str]:
    wall = [f"{speed.events:,}", f"{speed.events_a_second:,.0f}", f"{one.ratio(speed):.2f}"]
    return [name, *wall, f"{speed.cpu_s:.2f}", f"{speed.cpu_us:.1f}", f"{one.cpu_ratio(speed):.2f}"]


def _command(name: str) -> str:
    return shutil.which(name, path=str(Path(sys.executable).parent)) or name


if __name__ == "__main__":
    run("ingest", "how many durable events a second does the centre land?", measure)
