"""How severe a vibration is by the standard, before anything of the machine is learned: zones A to D, held as data."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Zone = Literal["A", "B", "C", "D"]
ZONES: tuple[Zone, ...] = ("A", "B", "C", "D")


@dataclass(frozen=True)
class MachineClass:
    """Zone boundaries in mm/s RMS, rising, and where they stand."""

    machine: str
    boundaries_mm_s: tuple[float, float, float]
    source: str

    def zone(self, velocity_rms_mm_s: float) -> Zone:
        """A as new, B fit for long operation, C not for long, D may do damage."""
        return ZONES[sum(velocity_rms_mm_s >= boundary for boundary in self.boundaries_mm_s)]


@cache
def machine_classes() -> Mapping[str, MachineClass]:
    """Every class of the table by name."""
    table = tomllib.loads(files(__package__).joinpath("zones.toml").read_text(encoding="utf-8"))
    return {name: MachineClass(row["machine"], tuple(row["boundaries_mm_s"]), row["source"]) for name, row in table.items()}
