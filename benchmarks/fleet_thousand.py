"""A thousand devices at one message a second, beside the house that lands and announces what they say."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import psutil  # type: ignore[import-untyped]

from benchmarks.fleet_devices import Told
from benchmarks.fleet_house import House, cpu_s
from protocols import codec, signing
from tests.parts.ports import eventually

LAST_SAMPLES = 300  # of the backlog, one a second: five minutes
SPARE_S = 900  # a house that does not keep up is a figure, not a crash
ARRIVE_S = 120.0

Programs = dict[str, psutil.Process]


@dataclass(frozen=True)
class Thousand:
    """What came of it. cpu_s: of each program, while the devices spoke; stored: events on disk in the end."""

    devices: int
    told: Told
    stored: int
    cpu_s: dict[str, float]

    @property
    def lost(self) -> int:
        """Committed, but not on disk, or never announced though they should be."""
        return self.told.events - self.stored + self.told.unheard

    @property
    def growth_per_s(self) -> float:
        """Slope of the backlog by least squares, over the last five minutes at most, never over the first half."""
        samples = self.told.backlog[len(self.told.backlog) // 2 :][-LAST_SAMPLES:]
        return float(np.polyfit(np.arange(len(samples)), samples, 1)[0])

    def out_ms(self, share: float) -> float:
        """So many of the announcements came within that time."""
        return float(np.quantile(self.told.out_s, share)) * 1000


def spoken(folder: Path, devices: int, seconds: int) -> Thousand:
    """So many devices for so many seconds."""
    folder.mkdir()
    keys = {f"dev-{n:04d}": signing.new_key() for n in range(devices)}
    with ExitStack() as stack:
        house = House(folder / "centre", stack, keys)
        programs = stack.enter_context(house.running("ingest", "background"))
        watched = programs | {"mosquitto": house.broker_process}
        told, spent = _load(folder, keys, house, seconds, watched)
        return Thousand(devices, told, house.landed(), spent | {"the devices": told.cpu_s})


def _spent(watched: Programs) -> dict[str, float]:
    return {name: cpu_s([process]) for name, process in watched.items()}


def _load(
    folder: Path, keys: dict[str, signing.PrivateKey], house: House, seconds: int, watched: Programs
) -> tuple[Told, dict[str, float]]:
    with _devices(folder, keys, house, seconds) as process:
        if process.stdin is None or process.stdout is None or process.stdout.readline() != b"ready\n":
            raise SystemExit(f"the devices did not start; the programs say: {house.said()}")
        eventually(lambda: house.online() == len(keys), ARRIVE_S, "every device")
        before = _spent(watched)
        told, _ = process.communicate(b"go\n", timeout=seconds + SPARE_S)
        spent = {name: s - before[name] for name, s in _spent(watched).items()}
    if process.returncode != 0:
        raise SystemExit(f"the devices gave up; the programs say: {house.said()}")
    return codec.decode(told, Told, limit_bytes=len(told)), spent


@contextmanager
def _devices(
    folder: Path, keys: dict[str, signing.PrivateKey], house: House, seconds: int
) -> Iterator["subprocess.Popen[bytes]"]:
    file = folder / "keys"
    file.write_bytes(msgspec.msgpack.encode({name: signing.private_pem(key) for name, key in keys.items()}))
    command = [sys.executable, "-m", "benchmarks.fleet_devices", str(file), str(house.broker.port), str(seconds)]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root) as process:
        try:
            yield process
        finally:
            process.kill()
