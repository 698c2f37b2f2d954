"""The physics of a motor-driven machine: load, speed, current, heat, vibration, pressure.

Textbook relations, one each: speed falls with slip, slip grows with torque; current is the vector sum of magnetising and
torque-producing parts; heat flows winding → case → hall through two first-order nodes; vibration sources are independent,
so their powers add, imbalance as m e w² and bearing wear exponentially with severity. Good for what a condition monitor
sees from minute to minute; no waveform, no start-up transients. `load` is a share of rated torque, severities are 0..1.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from firmware_sim.scene import Channel, LoadCycle, Machine, MachineFaultKind, Motor, Thermal, Vibration

Severities = Mapping[MachineFaultKind, float]
DAY_S = 86_400.0
WEAR_GROWTH = 4.0  # e-folds of bearing vibration from the first pit to failure
BLOCKED_COOLING = 4.0  # thermal resistance of the case with its fan blocked, against healthy

# One standard deviation of each transmitter: a share of the value and a floor in the channel's unit.
TRANSMITTER_NOISE: dict[Channel, tuple[float, float]] = {
    "vibration_mm_s": (0.02, 0.01),
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


def load_share(cycle: LoadCycle, time_s: float) -> float:
    """Torque as a share of rated torque at a moment of the load cycle."""
    swing = 0.5 - 0.5 * math.cos(2 * math.pi * time_s / cycle.period_s)
    return cycle.low + (cycle.high - cycle.low) * swing


def speed_rpm(motor: Motor, load: float) -> float:
    """Speed of an induction motor: slip is proportional to torque in the working range."""
    return motor.synchronous_rpm * (1.0 - motor.rated_slip * load)


def current_a(motor: Motor, load: float) -> float:
    """RMS current: magnetising part always, torque-producing part in proportion to the load, at right angles."""
    return math.sqrt(motor.idle_a**2 + (motor.rated_a**2 - motor.idle_a**2) * load**2)


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


def case_temperature_c(thermal: Thermal, heat: Heat, time_s: float) -> float:
    """What a sensor on the case feels: the hall with its daily swing, and the rise above it."""
    return thermal.ambient_c + thermal.swing_c * math.sin(2 * math.pi * time_s / DAY_S) + heat.case_k


def vibration_mm_s(vibration: Vibration, speed_share: float, load: float, severities: Severities) -> float:
    """RMS velocity at the bearing; speed_share: speed over synchronous speed."""
    w_squared = speed_share**2
    worn = math.expm1(WEAR_GROWTH * severities.get("bearing_wear", 0.0)) / math.expm1(WEAR_GROWTH)
    sources = (
        vibration.healthy_mm_s * (0.9 + 0.2 * load) * w_squared,
        vibration.imbalance_mm_s * severities.get("imbalance", 0.0) * w_squared,
        vibration.bearing_mm_s * worn,
        vibration.looseness_mm_s * severities.get("looseness", 0.0) * (0.5 + 0.5 * load),
    )
    return math.hypot(*sources)


def pressure_bar(machine: Machine, load: float) -> float | None:
    """Delivery pressure: falls from high to low as the machine delivers more; None for a machine without."""
    if machine.pressure is None:
        return None
    span = machine.load.high - machine.load.low
    delivery = (load - machine.load.low) / span if span else 0.5
    return machine.pressure.high_bar - (machine.pressure.high_bar - machine.pressure.low_bar) * delivery


def quantities(machine: Machine, heat: Heat, severities: Severities, time_s: float) -> dict[Channel, float]:
    """The true value of every channel of a machine at a moment."""
    load = load_share(machine.load, time_s)
    speed = speed_rpm(machine.motor, load)
    values: dict[Channel, float] = {
        "vibration_mm_s": vibration_mm_s(machine.vibration, speed / machine.motor.synchronous_rpm, load, severities),
        "temperature_c": case_temperature_c(machine.thermal, heat, time_s),
        "current_a": current_a(machine.motor, load),
        "speed_rpm": speed,
    }
    pressure = pressure_bar(machine, load)
    return values if pressure is None else values | {"pressure_bar": pressure}


def at_rest(values: Mapping[Channel, float]) -> dict[Channel, float]:
    """The same machine while it stands still: only its warmth is left."""
    return {channel: value if channel == "temperature_c" else 0.0 for channel, value in values.items()}


def sensed(values: Mapping[Channel, float], rng: np.random.Generator) -> dict[Channel, float]:
    """What the transmitters say: the true values with their noise."""
    noise = rng.standard_normal(len(values))
    return {
        channel: value + float(z) * math.hypot(TRANSMITTER_NOISE[channel][0] * value, TRANSMITTER_NOISE[channel][1])
        for (channel, value), z in zip(values.items(), noise, strict=True)
    }


def _relaxed(now_k: float, target_k: float, tau_s: float, elapsed_s: float) -> float:
    return target_k + (now_k - target_k) * math.exp(-elapsed_s / tau_s)
