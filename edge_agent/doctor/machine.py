"""The machine: its clock, disk, heat, supply and memory."""

import os
import shutil
from collections.abc import Iterator

from edge_agent.clock import EARLIEST, DeviceClock
from edge_agent.config import EdgeConfig
from edge_agent.doctor.check import Check
from edge_agent.machine import Machine, Throttling

ROOM_NEEDED_MB = 100
HOT_C = 75.0  # a Raspberry Pi holds itself back from 80 °C on
SUPPLY = "use the supply that belongs to this board, and a short, thick cable"
COOLING = "give it air or a heat sink; move it away from heat"
_REMEDIES: dict[Throttling, str] = {
    "under_voltage": SUPPLY,
    "frequency_capped": SUPPLY,
    "throttled": COOLING,
    "hot": COOLING,
}


def machine_checks(config: EdgeConfig, clock: DeviceClock, machine: Machine) -> Iterator[Check]:
    """Everything that is asked of the kernel."""
    yield _clock(clock)
    yield _disk(config)
    yield _heat(machine)
    yield _supply(machine)


def _clock(clock: DeviceClock) -> Check:
    now = clock.now()
    if now.clock == "bad":
        return Check(
            "clock", False, f"it is {now.at:%Y-%m-%d}, before {EARLIEST:%Y-%m-%d}", "start time synchronisation (NTP)"
        )
    kept = {"ntp": "kept by NTP", "rtc": "kept by a clock chip", "estimated": "kept by nothing that is known"}[now.clock]
    return Check("clock", True, f"{now.at:%Y-%m-%d %H:%M} UTC, {kept}")


def _disk(config: EdgeConfig) -> Check:
    folder = next(folder for folder in (config.data_dir, *config.data_dir.parents) if folder.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return Check("disk", False, f"{folder} is no folder that this user may write to", "correct data_dir or its rights")
    free_mb = shutil.disk_usage(folder).free / 1e6
    remedy = None if free_mb >= ROOM_NEEDED_MB else "free space: observing pauses when nothing more fits"
    return Check("disk", remedy is None, f"{free_mb:.0f} MB free at {config.data_dir}", remedy)


def _heat(machine: Machine) -> Check:
    degrees = machine.temperature_c()
    if degrees is None:
        return Check("heat", True, "this machine has no thermometer")
    is_cool = degrees < HOT_C
    return Check("heat", is_cool, f"{degrees:.0f} °C", None if is_cool else COOLING)


def _supply(machine: Machine) -> Check:
    """What the firmware held back, now or earlier in this boot: earlier trouble comes again."""
    found = machine.throttled()
    worst = next((name for name in _REMEDIES if name in found.now), None)
    earlier = next((name for name in _REMEDIES if name in found.since_boot), None)
    if worst is None and earlier is None:
        return Check("supply", True, "nothing holds the processor back")
    name = worst or earlier
    when = "now" if worst else "since the last boot"
    return Check("supply", False, f"{str(name).replace('_', ' ')} {when}", _REMEDIES[name] if name else None)
