"""Faults that are injected into machines: every kind that a machine can have, severities and moments by seed.

What a fault shows in first is physics, not what a detector makes of it: `signs` are the channels that it moves directly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

import numpy as np

from firmware_sim.scene import (
    Belt,
    Channel,
    Faults,
    Machine,
    MachineFault,
    MachineFaultKind,
    Scene,
    SensorFault,
    SensorFaultKind,
    Trade,
)
from protocols.sensor_profiles.profile import Register, load

HOUR_S, DAY_S, NEVER_S = 3_600.0, 86_400.0, 1e9
LASTS_S, WEAR_RAMP_S = 4 * HOUR_S, 3.5 * HOUR_S
SIGNS: dict[MachineFaultKind, tuple[Channel, ...]] = {
    "imbalance": ("vibration_mm_s",),
    "misalignment": ("axial_mm_s", "vibration_mm_s"),
    "looseness": ("vibration_mm_s",),
    "bearing_wear": ("vibration_mm_s",),
    "overheating": ("temperature_c",),
    "cavitation": ("vibration_mm_s", "pressure_bar"),
    "belt_slip": ("speed_rpm",),
    "leak": ("pressure_bar", "current_a"),
}
ONLY: dict[MachineFaultKind, tuple[str, ...]] = {
    "cavitation": ("pump",),
    "leak": ("pump", "compressor"),
    "belt_slip": ("conveyor_motor", "fan"),
}
SENSOR_KINDS: tuple[SensorFaultKind, ...] = ("stuck", "bias", "drift", "spikes", "quantisation", "swapped_words")
# Of the sensor's span, least and most; a drift is that much an hour, a quantisation one step.
AMOUNTS = {"bias": (0.1, 0.25), "drift": (0.05, 0.1), "spikes": (0.3, 0.8), "quantisation": (1 / 128, 1 / 32)}
UNITS: tuple[tuple[SensorFaultKind, int], ...] = (("dropout", 11), ("exception", 2), ("exception", 6))


@dataclass(frozen=True)
class Case:
    """One fault of one machine. signs: channels that are right to name first; seed: of the noise while it lasts."""

    machine: Machine
    kind: str
    is_sensor: bool
    signs: tuple[str, ...]
    begins_s: float
    faults: Faults
    seed: int

    @property
    def ends_s(self) -> float:
        """When it is repaired."""
        return self.begins_s + LASTS_S

    def scene(self) -> Scene:
        """A site with nothing but the machine and its fault."""
        belt, trade = Belt("none", 1.0, 1.0, 1.0, 1.0, 0.0, ("dent",)), Trade(DAY_S, 0.0, 1.0, 1, 0.0, 0.0, 0.0)
        return Scene("bench", "bench", self.seed, (), (), (), belt, (self.machine,), self.faults, trade)


def cases(machine: Machine, day: int, seed: int) -> list[Case]:
    """Every fault that the machine can have, each for itself, on the day of that number."""
    rng = np.random.default_rng(seed)
    return [*_machine_cases(machine, day, rng), *_sensor_cases(machine, day, rng), *_unit_cases(machine, day, rng)]


def _machine_cases(machine: Machine, day: int, rng: np.random.Generator) -> Iterator[Case]:
    for kind, signs in SIGNS.items():
        if machine.profile in ONLY.get(kind, (machine.profile,)):
            begins_s, seed = _drawn(machine, day, rng)
            ramp_s, severity = float(rng.uniform(0.1, 2.0)) * HOUR_S, float(rng.uniform(0.4, 1.0))
            if kind == "bearing_wear":  # until it fails, or is about to
                ramp_s, severity = WEAR_RAMP_S, 0.75 + 0.25 * severity
            fault = MachineFault(machine.id, kind, begins_s, ramp_s, LASTS_S, severity)
            yield Case(machine, kind, False, signs, begins_s, Faults(NEVER_S, machine=(fault,)), seed)


def _sensor_cases(machine: Machine, day: int, rng: np.random.Generator) -> Iterator[Case]:
    registers = load(machine.profile).registers
    for kind in SENSOR_KINDS:
        fitting = [each for each in registers if kind != "swapped_words" or each.words == 2]
        if fitting:
            begins_s, seed = _drawn(machine, day, rng)
            register = fitting[int(rng.integers(len(fitting)))]
            amount, channel = _amount(kind, register, rng), _channel(register)
            fault = SensorFault(machine.id, kind, begins_s, LASTS_S, channel, amount)
            yield Case(machine, kind, True, (channel,), begins_s, Faults(NEVER_S, sensor=(fault,)), seed)


def _unit_cases(machine: Machine, day: int, rng: np.random.Generator) -> Iterator[Case]:
    every = tuple(register.name for register in load(machine.profile).registers)
    for kind, code in UNITS:
        begins_s, seed = _drawn(machine, day, rng)
        fault = SensorFault(machine.id, kind, begins_s, LASTS_S, None, float(code))
        yield Case(machine, f"{kind} {code:02d}", True, every, begins_s, Faults(NEVER_S, sensor=(fault,)), seed)


def _drawn(machine: Machine, day: int, rng: np.random.Generator) -> tuple[float, int]:
    """When the fault begins, one to three hours into the machine's hours, and a seed for its noise."""
    from_h = machine.duty.from_h if machine.duty else 0.0
    return day * DAY_S + (from_h + float(rng.uniform(1.0, 3.0))) * HOUR_S, int(rng.integers(2**31))


def _amount(kind: SensorFaultKind, register: Register, rng: np.random.Generator) -> float:
    least, most = AMOUNTS.get(kind, (0.0, 0.0))
    sign = float(rng.choice([-1.0, 1.0])) if kind in ("bias", "drift") else 1.0
    return sign * float(rng.uniform(least, most)) * (register.maximum - register.minimum)


def _channel(register: Register) -> Channel:
    channels: tuple[Channel, ...] = get_args(Channel)
    return next(channel for channel in channels if channel == register.name)
