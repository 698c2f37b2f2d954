"""What the kernel tells of this machine: processor, memory, heat, throttling. `root` is / but in tests."""

import ctypes
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

PAGE_BYTES = 4096
_MEGABYTE = 1_000_000

# Bits 0 to 3 of the firmware's get_throttled are of now, 16 to 19 of any time since the boot
# (Raspberry Pi documentation, "vcgencmd get_throttled").
Throttling = Literal["under_voltage", "frequency_capped", "throttled", "hot"]
_SINCE_BOOT_SHIFT = 16
_FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"
_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)


class _Timex(ctypes.Structure):
    """The beginning of struct timex (adjtimex(2)), and room for the rest of it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("maximum_error_us", ctypes.c_long),
        ("rest", ctypes.c_byte * 512),
    )


@dataclass(frozen=True)
class Throttled:
    """Why the firmware holds the processor back: now, and at any time since the boot."""

    now: tuple[Throttling, ...] = ()
    since_boot: tuple[Throttling, ...] = ()


@dataclass(frozen=True)
class Machine:
    """Reads below `root`; what a machine does not tell is None, or nothing."""

    root: Path = Path("/")

    def processor_times(self) -> tuple[int, int] | None:
        """Busy and total ticks of all processors since the boot."""
        try:
            ticks = [int(field) for field in (self.root / "proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        except (OSError, ValueError):
            return None
        if len(ticks) < 5:
            return None
        return sum(ticks) - ticks[3] - ticks[4], sum(ticks)

    def resident_mb(self) -> float | None:
        """Memory of this process in megabytes."""
        try:
            pages = int((self.root / "proc/self/statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            return None
        return round(pages * PAGE_BYTES / _MEGABYTE, 1)

    def temperature_c(self) -> float | None:
        """The hottest thermal zone."""
        degrees = []
        for zone in (self.root / "sys/class/thermal").glob("thermal_zone*/temp"):
            try:
                degrees.append(int(zone.read_text()) / 1000)
            except (OSError, ValueError):
                continue
        return max(degrees, default=None)

    def throttled(self) -> Throttled:
        """What a Raspberry Pi's firmware says; nothing on other machines."""
        try:
            bits = int((self.root / _FIRMWARE).read_text().strip(), 16)
        except (OSError, ValueError):
            return Throttled()
        return Throttled(_named(bits), _named(bits >> _SINCE_BOOT_SHIFT))


def clock_error_s() -> float | None:
    """How wrong the kernel holds its clock to be at most, in seconds; None while nothing keeps it."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    timex = _Timex()
    if adjtimex is None or not 0 <= adjtimex(ctypes.byref(timex)) < _UNSYNCHRONISED:
        return None
    return round(int(timex.maximum_error_us) / 1e6, 3)


def _named(bits: int) -> tuple[Throttling, ...]:
    return tuple(name for place, name in enumerate(get_args(Throttling)) if bits >> place & 1)


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0))
