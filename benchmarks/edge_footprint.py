"""What an agent costs a small device: resident memory, and bytes that wear out its memory card.

Memory: the real command `tallyhouse-edge run` watches the simulated machines over Modbus, then (another agent) a shelf
camera and the belt camera over MJPEG with both vision models, against a real broker and a centre that acknowledges.
Writing: the real outbox takes 3,600 events as one a second would come, in commits of ten (`commit_interval_s` 10, the
default), acknowledged and pruned as in service, with the tasks' states every five minutes, and is closed (checkpoint).
The bytes are those that the kernel counts for block devices; evidence is left out, it would only flatter the ratio.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.report import Options, Result, run
from edge_agent.clock import DeviceClock, Stamp
from edge_agent.config import EdgeConfig
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.entry import Entry, Stamper
from edge_agent.outbox.queue import Queue
from edge_agent.pipeline import SNAPSHOT_INTERVAL_S
from firmware_sim.devices.site import Addresses
from firmware_sim.scene_file import load
from protocols.messages.shelf_count import ShelfCount
from tests.integration.edge_parts import Keys, centre_for, device_file
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually

EVENTS, QUICK_EVENTS = 3_600, 300
WATCH_S, QUICK_WATCH_S = 90.0, 3.0
START_S = 60.0
STATE_BYTES = 7_000  # of a learned machine with five channels
STARTED_AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Memory:
    """Of one agent, in MB: what it held in the middle of its watch, and the most it ever held."""

    usual_mb: float
    peak_mb: float
    events: int


@dataclass(frozen=True)
class Wear:
    """Of one outbox."""

    payload_bytes: int
    written_bytes: int

    @property
    def ratio(self) -> float:
        """Bytes on the card for each byte of event."""
        return self.written_bytes / self.payload_bytes


def measure(options: Options) -> Result:
    """Both questions, the peer (one event a commit) beside the second."""
    events = QUICK_EVENTS if options.quick else EVENTS
    grouped, single = wear(events, events_a_commit()), wear(events, 1)
    with tempfile.TemporaryDirectory() as folder, _site(Path(folder)) as site:
        watch_s = QUICK_WATCH_S if options.quick else WATCH_S
        without = memory(site, "ear-01", machines(site.addresses), watch_s)
        vision = memory(site, "eye-01", cameras(site.addresses), watch_s)
    return Result(
        figures={
            "events": events,
            "agent_rss_mb": round(without.peak_mb, 1),
            "agent_with_vision_rss_mb": round(vision.peak_mb, 1),
            "write_amplification_1_per_s": round(grouped.ratio, 2),
        },
        peers={"one_event_a_commit": round(single.ratio, 2)},
        rows=[
            ["", "figure", "of it"],
            ["RSS without vision (3 machines), peak", f"{without.peak_mb:.0f} MB", f"usual {without.usual_mb:.0f} MB"],
            ["RSS with both vision tasks, peak", f"{vision.peak_mb:.0f} MB", f"usual {vision.usual_mb:.0f} MB"],
            ["written per payload byte, 10 s a commit", f"{grouped.ratio:.2f}", f"{grouped.written_bytes:,} bytes"],
            ["peer: one event a commit", f"{single.ratio:.2f}", f"{single.written_bytes:,} bytes"],
        ],
        data=f"simulated site and {events} shelf counts of {grouped.payload_bytes / events:.0f} bytes",
        notes=[f"events that landed while memory was watched: {without.events} and {vision.events}"],
    )


def events_a_commit() -> int:
    """How many events one a second make until the default commit interval is over."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(EdgeConfig)}
    return round(float(defaults["commit_interval_s"]))


def wear(events: int, commit_events: int) -> Wear:
    """What `events` at one a second write, in commits of so many, each acknowledged before the next."""
    with tempfile.TemporaryDirectory() as folder:
        before = _block_bytes_written()
        file = OutboxFile(Path(folder) / "outbox.db")
        queue, payload_bytes, saved_at = Queue(file), 0, 0
        for first in range(0, events, commit_events):
            entries = [_entry(second) for second in range(first, min(first + commit_events, events))]
            is_time = first - saved_at >= SNAPSHOT_INTERVAL_S
            saved_at = first if is_time else saved_at
            sequences = queue.append(entries, STARTED_AT, {"cam-1/shelf_count": _state(first)} if is_time else {})
            payload_bytes += sum(len(entry.as_event(number)) for entry, number in zip(entries, sequences, strict=True))
            queue.acknowledge(sequences[-1])
        queue.prune()
        file.close()
        written = _block_bytes_written() - before
    if written == 0:
        raise SystemExit(f"{tempfile.gettempdir()} is not on a block device: set TMPDIR to a folder that is")
    return Wear(payload_bytes, written)


def memory(site: "_Site", device: str, sources: str, watch_s: float) -> Memory:
    """Run one agent for `watch_s` after its first event and look at its memory once a second."""
    keys = Keys()
    config = device_file(site.folder, keys, site.broker.port, device, sources)
    with centre_for(keys, site.broker.port, device).running() as centre, _agent(config) as process:
        eventually(lambda: centre.cursor > 0, START_S, f"a first event of {device}")
        held, until_s = [], time.monotonic() + watch_s
        while time.monotonic() < until_s:
            time.sleep(1)
            held.append(_status_mb(process.pid, "VmRSS"))
        return Memory(median(held), _status_mb(process.pid, "VmHWM"), centre.cursor)


def machines(found: Addresses) -> str:
    """Every simulated machine as a source, with the anomaly task."""
    return "".join(
        f'[[source]]\nid = "{machine.id}"\nkind = "modbus"\nhost = "{found.modbus["host"]}"\n'
        f'port = {found.modbus["port"]}\ndevice_id = {machine.device_id}\nprofile = "{machine.profile}"\n'
        f'[[task]]\nkind = "equipment_anomaly"\nsource = "{machine.id}"\nsettings = {{ learn_s = 20, window_s = 5 }}\n'
        for machine in load("small_warehouse").machines
    )


def cameras(found: Addresses) -> str:
    """One shelf camera with its four shelves, and the belt camera."""
    shelves = ", ".join(
        f'{{ location = "{shelf.id}", sku = "{shelf.sku}", roi = {list(shelf.roi)} }}'
        for shelf in load("small_warehouse").shelves_seen_by("cam-1")
    )
    return (
        f'[[source]]\nid = "cam-1"\nkind = "camera"\nurl = "{found.cameras["cam-1"]}"\ninterval_s = 0.5\n'
        f'[[task]]\nkind = "shelf_count"\nsource = "cam-1"\nsettings = {{ interval_s = 5, regions = [{shelves}] }}\n'
        f'[[source]]\nid = "cam-4"\nkind = "camera"\nurl = "{found.cameras["cam-4"]}"\ninterval_s = 0.2\n'
        '[[task]]\nkind = "defects"\nsource = "cam-4"\nsettings = { line = "line-1" }\n'
    )


@dataclass(frozen=True)
class _Site:
    folder: Path
    broker: Mosquitto
    addresses: Addresses


@contextmanager
def _site(folder: Path) -> Iterator[_Site]:
    """A broker and the simulated warehouse."""
    ready = folder / "ready.json"
    command = ["up", "--modbus-port", "0", "--camera-port", "0", "--ready-file", str(ready)]
    with ExitStack() as stack:
        broker = Mosquitto(folder)
        broker.start()
        stack.callback(broker.stop)
        stack.enter_context(_program("tallyhouse-sim", command, folder / "sim.log"))
        eventually(ready.exists, START_S, f"the simulated site (see {folder / 'sim.log'})")
        yield _Site(folder, broker, msgspec.json.decode(ready.read_bytes(), type=Addresses))


@contextmanager
def _agent(config: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with _program("tallyhouse-edge", ["run", "--config", str(config)], config.with_suffix(".log")) as process:
        yield process


@contextmanager
def _program(name: str, arguments: list[str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """One of the project's commands as a process; stopped and waited for."""
    with log.open("wb") as said:
        process = subprocess.Popen([str(Path(sys.executable).with_name(name)), *arguments], stdout=said, stderr=said)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _entry(second: int) -> Entry:
    """A count of a shelf with three to sixteen cartons in view, as the shelf task says it."""
    rng = random.Random(second)
    facings = rng.randint(3, 16)
    corners = [(rng.random() * 0.8, rng.random() * 0.8) for _ in range(facings)]
    message = ShelfCount(
        location=f"a-{second % 12:02d}",
        sku="oat-milk-1l",
        camera="cam-1",
        facings=facings,
        units=facings,
        confidence=round(rng.random(), 4),
        units_low=facings,
        units_high=facings,
        capacity=20,
        frames=5,
        boxes=[(round(x, 5), round(y, 5), round(x + 0.2, 5), round(y + 0.2, 5)) for x, y in corners],
    )
    taken = Stamp(STARTED_AT + timedelta(seconds=second), second * 1000, "ntp")
    return Stamper(DeviceClock("b3f1")).entry(message, taken, model="shelf-0.1.0@sha256:ab12cd34ef56")


def _state(seed: int) -> bytes:
    return random.Random(seed).randbytes(STATE_BYTES // 2).hex().encode()


def _block_bytes_written() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["write_bytes"])


def _status_mb(pid: int, field: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024


if __name__ == "__main__":
    run("edge_footprint", "what does an agent cost a small device?", measure)
