"""Machines as a site has them, made from seeds: four classes, each machine a little different, with hours, days and weather.

The same numbers are a machine of a scene for the simulator's server and one of a long course worked out at once. Rated
values belong to the class (its register map has limits for them); where a machine stands, what it does and how well it is
balanced differs from one to the next.
"""

from collections.abc import Callable

import numpy as np

from firmware_sim.scene import Channel, Duty, LoadCycle, Machine, Motor, Pressure, Thermal, Vibration
from firmware_sim.world.course import Course, course
from firmware_sim.world.machine import Heat
from firmware_sim.world.numbers import Floats
from protocols.sensor_profiles.profile import Profile, Register, load

DAYS: tuple[tuple[float, ...], ...] = (
    (0.75, 0.7, 0.7, 0.85, 1.0, 1.0, 0.95, 0.85),
    (0.8, 0.8, 1.0, 1.0, 0.9, 1.0, 0.9, 0.8),
    (1.0,),
    (0.9, 0.85, 0.95, 1.0),
)


def fleet(count: int, seed: int) -> list[Machine]:
    """`count` machines of all classes in turn, the same for the same seed."""
    makers: tuple[Callable[[int, np.random.Generator], Machine], ...] = (_conveyor, _pump, _compressor, _fan)
    seeds = np.random.SeedSequence(seed).spawn(count)
    return [makers[place % len(makers)](place, np.random.default_rng(each)) for place, each in enumerate(seeds)]


def readings(machine: Machine, times_s: Floats, heat: Heat, rng: np.random.Generator) -> tuple[Floats, Course]:
    """(n, p) what a client reads of a healthy machine, channels in the order of its registers, and the course behind it."""
    whole = course(machine, times_s, heat, rng)
    return transmitted(load(machine.profile), whole.sensed), whole


def transmitted(profile: Profile, sensed: dict[Channel, Floats]) -> Floats:
    """(n, p) what is left of values after the registers: clipped to the range, rounded to the resolution."""
    named = {str(channel): values for channel, values in sensed.items()}
    return np.stack([_through(register, named[register.name]) for register in profile.registers], axis=1)


def _through(register: Register, values: Floats) -> Floats:
    clipped = np.clip(values, register.minimum, register.maximum)
    digits = 3 - int(np.floor(np.log10(register.resolution)))
    stepped = np.round(clipped / register.resolution) * register.resolution
    return np.round(stepped.astype(np.float32).astype(np.float64) if register.type == "f32" else stepped, digits)


def _conveyor(place: int, rng: np.random.Generator) -> Machine:
    """Two or three shifts, boxes in batches."""
    return Machine(
        id=f"conveyor-{place}",
        device_id=place % 247 + 1,
        profile="conveyor_motor",
        motor=Motor(1500.0, 0.035, 2.1, 4.8, run_up_s=rng.uniform(0.5, 1.5)),
        load=_load(rng, 0.45, 0.75, 20.0, 300.0),
        thermal=_thermal(rng, 30.0, 15.0),
        vibration=Vibration(rng.uniform(0.6, 1.3), 8.0, 6.0, 4.0, misalignment_mm_s=5.0),
        duty=Duty(from_h=float(rng.choice([5.0, 6.0, 7.5])), to_h=float(rng.choice([14.0, 22.0]))),
    )


def _pump(place: int, rng: np.random.Generator) -> Machine:
    """Runs day and night, more by day."""
    return Machine(
        id=f"pump-{place}",
        device_id=place % 247 + 1,
        profile="pump",
        motor=Motor(3000.0, 0.032, 3.2, 7.4, run_up_s=rng.uniform(0.5, 1.0)),
        load=_load(rng, 0.6, 0.8, 15.0, 600.0),
        thermal=_thermal(rng, 34.0, 16.0),
        vibration=Vibration(rng.uniform(0.6, 1.2), 7.0, 7.5, 4.0, misalignment_mm_s=5.0, cavitation_mm_s=5.0),
        pressure=Pressure(3.1, 3.5),
    )


def _compressor(place: int, rng: np.random.Generator) -> Machine:
    """Fills its receiver and rests, some of them only by day."""
    hours = (0.0, 24.0) if rng.random() < 0.5 else (6.0, 20.0)
    return Machine(
        id=f"compressor-{place}",
        device_id=place % 247 + 1,
        profile="compressor",
        motor=Motor(3000.0, 0.030, 13.0, 28.0, run_up_s=rng.uniform(1.0, 2.0)),
        load=_load(rng, 0.55, 0.9, 24.0, 240.0),
        thermal=_thermal(rng, 42.0, 34.0),
        vibration=Vibration(rng.uniform(0.9, 1.6), 8.0, 7.0, 5.0, misalignment_mm_s=6.0),
        pressure=Pressure(6.2, 7.6, holds=True),
        duty=Duty(*hours, run_s=rng.uniform(1200.0, 5400.0), rest_s=rng.uniform(120.0, 900.0)),
    )


def _fan(place: int, rng: np.random.Generator) -> Machine:
    """A ventilator on a belt: a third of them stand at night, a heavy wheel takes its time to run up."""
    return Machine(
        id=f"fan-{place}",
        device_id=place % 247 + 1,
        profile="fan",
        motor=Motor(1500.0, 0.036, 5.0, 11.0, run_up_s=rng.uniform(2.0, 4.0)),
        load=_load(rng, 0.5, 0.7, 60.0, 900.0),
        thermal=_thermal(rng, 28.0, 14.0),
        vibration=Vibration(rng.uniform(0.5, 1.2), 7.0, 6.0, 4.0, misalignment_mm_s=5.0, axial_share=rng.uniform(0.3, 0.6)),
        duty=Duty(5.5, 21.0) if rng.random() < 1 / 3 else None,
    )


def _load(rng: np.random.Generator, low: float, high: float, shortest_s: float, longest_s: float) -> LoadCycle:
    period_s = float(np.exp(rng.uniform(np.log(shortest_s), np.log(longest_s))))
    day = DAYS[int(rng.integers(len(DAYS)))]
    return LoadCycle(low, high, period_s, day, unsteady=float(rng.uniform(0.0, 0.08)))


def _thermal(rng: np.random.Generator, winding_rise_c: float, case_rise_c: float) -> Thermal:
    return Thermal(
        ambient_c=rng.uniform(16.0, 24.0),
        winding_rise_c=winding_rise_c * rng.uniform(0.8, 1.1),
        case_rise_c=case_rise_c * rng.uniform(0.8, 1.1),
        winding_tau_s=rng.uniform(200.0, 400.0),
        case_tau_s=rng.uniform(900.0, 2400.0),
        swing_c=rng.uniform(0.5, 3.0),
        weather_c=rng.uniform(0.0, 2.0),
    )
