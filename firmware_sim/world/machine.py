"""The physics of a motor-driven machine: load, speed, current, heat, pressure.

Textbook relations, one each: speed falls with slip, slip grows with torque; current is the vector sum of magnetising and
torque-producing parts; heat flows winding → case → hall through two first-order nodes; a motor runs up exponentially and
draws several times its current meanwhile. What shakes is in shaking.py, when it runs in duty.py. `load` is a share of rated
torque, severities are 0..1. Where a formula takes a Number, it takes one moment or an array of them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from firmware_sim.scene import Channel, LoadCycle, Machine, MachineFaultKind, Motor, Pressure, Thermal
from firmware_sim.world.duty import DAY_S
from firmware_sim.world.numbers import Number
from firmware_sim.world.shaking import axial_mm_s, vibration_mm_s

Severities = Mapping[MachineFaultKind, float]
BLOCKED_COOLING = 4.0  # thermal resistance of the case with its fan blocked, against healthy
INRUSH = 5.0  # times the running current that a motor draws more when it is switched on
PRESSURE_RUN_UPS = 5.0  # a pipe fills slower than a motor runs up
SLIPPED, LEAKED, CAVITATED = 0.12, 0.35, 0.25  # shares of speed and of pressure that are lost at severity 1
LONGER_DUTY = 2.0  # with a leak, load stays near its high for longer
WEATHER_DAYS = 4.3
SWINGS = (math.sqrt(31.0), math.sqrt(1009.0))  # periods, in cycles, of a load that wanders: they never meet again

# One standard deviation of each transmitter: a share of the value and a floor in the channel's unit.
TRANSMITTER_NOISE: dict[Channel, tuple[float, float]] = {
    "vibration_mm_s": (0.02, 0.01),
    "axial_mm_s": (0.02, 0.01),
    "temperature_c": (0.0, 0.06),
    "current_a": (0.004, 0.01),
    "speed_rpm": (0.0, 0.8),
    "pressure_bar": (0.0, 0.012),
}


@dataclass(frozen=True)
class Heat:
    """Temperature rises in kelvin: winding over case, case over the hall."""

    winding_k: float
    case_k: float


def load_share(cycle: LoadCycle, time_s: Number, leak: float = 0.0) -> Number:
    """Torque as a share of rated torque at a moment of the load cycle; a leak makes the high part of the cycle longer."""
    turn = 2 * np.pi * time_s / cycle.period_s
    swing = (0.5 - 0.5 * np.cos(turn)) ** (1.0 / (1.0 + LONGER_DUTY * leak))
    load: Number = (cycle.low + (cycle.high - cycle.low) * swing) * _of_the_day(cycle.day, time_s)
    if cycle.unsteady == 0.0:
        return load
    wandering: Number = load * (1.0 + cycle.unsteady * np.mean([np.sin(turn / period) for period in SWINGS], axis=0))
    return wandering


def speed_rpm(motor: Motor, load: Number) -> Number:
    """Speed of an induction motor: slip is proportional to torque in the working range."""
    return motor.synchronous_rpm * (1.0 - motor.rated_slip * load)


def current_a(motor: Motor, load: Number) -> Number:
    """RMS current: magnetising part always, torque-producing part in proportion to the load, at right angles."""
    current: Number = np.sqrt(motor.idle_a**2 + (motor.rated_a**2 - motor.idle_a**2) * load**2)
    return current


def settled_heat(machine: Machine) -> Heat:
    """Heat of a healthy machine that has run its load cycle for hours."""
    low, high = machine.load.low, machine.load.high
    mean, swing = (low + high) / 2, (high - low) / 2
    losses = mean**2 + swing**2 / 2  # mean square of the cosine cycle
    return Heat(machine.thermal.winding_rise_c * losses, machine.thermal.case_rise_c * losses)


def warmed(thermal: Thermal, heat: Heat, load: float, overheating: float, elapsed_s: float) -> Heat:
    """Heat after `elapsed_s` at constant load; overheating blocks the cooling of the case, losses grow as load²."""
    winding_k = _relaxed(heat.winding_k, thermal.winding_rise_c * load**2, thermal.winding_tau_s, elapsed_s)
    resistance = 1.0 + (BLOCKED_COOLING - 1.0) * overheating
    inflow = winding_k / thermal.winding_rise_c
    case_k = _relaxed(heat.case_k, thermal.case_rise_c * inflow * resistance, thermal.case_tau_s * resistance, elapsed_s)
    return Heat(winding_k, case_k)


def case_temperature_c(thermal: Thermal, case_k: Number, time_s: Number) -> Number:
    """What a sensor on the case feels: the hall with its day and weather, and the rise above it."""
    day = 2 * np.pi * time_s / DAY_S
    hall: Number = thermal.ambient_c + thermal.swing_c * np.sin(day) + thermal.weather_c * np.sin(day / WEATHER_DAYS)
    return hall + case_k


def pressure_bar(pressure: Pressure, cycle: LoadCycle, load: Number, severities: Severities) -> Number:
    """Delivery pressure: falls from high to low as the machine delivers more, a controller holds it within the two.

    Cavitation and leaks take some of it.
    """
    span = cycle.high - cycle.low
    delivery: Number = np.clip((load - cycle.low) / span if span else 0.5 + 0.0 * load, 0.0, 1.0)
    lost = 1.0 - LEAKED * severities.get("leak", 0.0) - CAVITATED * severities.get("cavitation", 0.0)
    return (pressure.high_bar - (pressure.high_bar - pressure.low_bar) * delivery) * lost


def quantities(
    machine: Machine, heat: Heat, severities: Severities, time_s: float, running_s: float = math.inf
) -> dict[Channel, float]:
    """The true value of every channel of a machine at a moment; running_s: since it was switched on, 0 while it stands."""
    values = running_quantities(machine, heat.case_k, severities, time_s, running_s)
    true = values if running_s > 0.0 else at_rest(machine, values)
    return {channel: float(value) for channel, value in true.items()}


def running_quantities(
    machine: Machine, case_k: Number, severities: Severities, time_s: Number, running_s: Number
) -> dict[Channel, Number]:
    """The true value of every channel of a machine that runs, its case `case_k` warmer than the hall."""
    load = load_share(machine.load, time_s, severities.get("leak", 0.0))
    switched_on: Number = np.exp(-running_s / machine.motor.run_up_s)
    turning = speed_rpm(machine.motor, load) * (1.0 - switched_on)
    speed_share = turning / machine.motor.synchronous_rpm
    values: dict[Channel, Number] = {
        "vibration_mm_s": vibration_mm_s(machine.vibration, speed_share, load, severities),
        "temperature_c": case_temperature_c(machine.thermal, case_k, time_s),
        "current_a": current_a(machine.motor, load) * (1.0 + INRUSH * switched_on),
        "speed_rpm": turning * (1.0 - SLIPPED * severities.get("belt_slip", 0.0)),
    }
    if machine.vibration.axial_share is not None:
        values["axial_mm_s"] = axial_mm_s(machine.vibration, machine.vibration.axial_share, speed_share, load, severities)
    if machine.pressure is not None:
        delivered = pressure_bar(machine.pressure, machine.load, load, severities)
        empty: Number = np.exp(-running_s / (PRESSURE_RUN_UPS * machine.motor.run_up_s))
        values["pressure_bar"] = delivered if machine.pressure.holds else delivered * (1.0 - empty)
    return values


def at_rest(machine: Machine, values: Mapping[Channel, Number]) -> dict[Channel, Number]:
    """The same machine while it stands still: only its warmth is left, and what a receiver holds."""
    still = {channel: value if channel == "temperature_c" else 0.0 * value for channel, value in values.items()}
    if machine.pressure is not None and machine.pressure.holds:
        still["pressure_bar"] = still["pressure_bar"] + machine.pressure.low_bar
    return still


def noisy(channel: Channel, value: Number, z: Number) -> Number:
    """What a transmitter says of a value, `z` standard deviations off; of nothing at all it says nothing."""
    share, floor = TRANSMITTER_NOISE[channel]
    said: Number = value + z * np.hypot(share * value, floor) * (value != 0.0)
    return said


def sensed(values: Mapping[Channel, float], rng: np.random.Generator) -> dict[Channel, float]:
    """What the transmitters say: the true values with their noise."""
    noise = rng.standard_normal(len(values)).tolist()
    return {channel: float(noisy(channel, value, z)) for (channel, value), z in zip(values.items(), noise, strict=True)}


def _of_the_day(factors: tuple[float, ...], time_s: Number) -> Number:
    places = np.arange(len(factors) + 1) * (DAY_S / len(factors))
    factor: Number = np.interp(time_s % DAY_S, places, (*factors, factors[0]))
    return factor


def _relaxed(now_k: float, target_k: float, tau_s: float, elapsed_s: float) -> float:
    return target_k + (now_k - target_k) * math.exp(-elapsed_s / tau_s)
