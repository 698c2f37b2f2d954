"""What an accelerometer on the bearing hears: a second or more of acceleration at 12 kHz, of a machine in a given state.

Its RMS velocity in 10 to 1,000 Hz is that of shaking.py. A healthy machine is a line at the shaft's speed (1x), a weaker one
at 2x, and noise. Imbalance adds 1x, misalignment 2x, looseness half the speed and its multiples, cavitation noise in a broad
band. A worn race is struck by each rolling element: a ring at the resonance of the housing, in time with the race's order
but for the slip of the elements (one or two per cent from strike to strike) and never twice equally hard, and a dull push
below it that grows with wear. The inner race turns through the load, so that its strikes swell and fade once a turn.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from firmware_sim.scene import Machine
from firmware_sim.world.machine import speed_rpm
from firmware_sim.world.numbers import Floats
from firmware_sim.world.shaking import Severities, vibration_mm_s, worn

RATE_HZ = 12_000.0
GRAVITY_MM_S2 = 9_806.65
BAND_HZ = (10.0, 1_000.0)
SHAFT_SHARE, TWICE_SHARE = 0.75, 0.25  # of the healthy velocity, as amplitudes; the rest is noise
NOISE_G = 0.06  # of a healthy machine with 1 mm/s
LOOSE_ORDERS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0)
RING_DECAY_PER_S, RING_S, PUSH_S = 900.0, 0.006, 0.0016
STRIKE_G = 0.3  # peak at failure, of a machine whose wear adds 1 mm/s
STRIKE_GROWTH = 0.3  # strikes are heard long before the velocity rises
UNEVEN = 0.4  # spread of the strikes' strength, of its logarithm
CAVITATION_HZ = (300.0, 5_500.0)

Race = Literal["outer_race", "inner_race"]


@dataclass(frozen=True)
class Bearing:
    """Strikes a turn of the shaft for a pit in either race (a 6205 unless told), and the housing's resonance."""

    outer_race: float = 3.585
    inner_race: float = 5.415
    resonance_hz: float = 3_100.0
    slip: float = 0.013


def waveform(
    machine: Machine,
    load: float,
    severities: Severities,
    race: Race,
    seconds: float,
    rng: np.random.Generator,
    bearing: Bearing = Bearing(),
) -> Floats:
    """Acceleration in g (n,) at RATE_HZ; `race`: which one is worn, as far as bearing_wear goes."""
    vibration, speed = machine.vibration, speed_rpm(machine.motor, load)
    times_s, shaft_hz = np.arange(round(seconds * RATE_HZ)) / RATE_HZ, speed / 60.0
    share = speed / machine.motor.synchronous_rpm
    healthy = vibration_mm_s(vibration, share, load, {})
    out = np.zeros(times_s.size)
    noise = _noise(times_s.size, BAND_HZ[0], RATE_HZ / 2, rng)
    lines = (1.0 - (_velocity_mm_s(noise) * NOISE_G) ** 2) ** 0.5 * healthy / np.hypot(SHAFT_SHARE, TWICE_SHARE)
    out += noise * NOISE_G * healthy
    for order, rms in ((1.0, SHAFT_SHARE * lines), (2.0, TWICE_SHARE * lines)):
        out += _line(times_s, order * shaft_hz, rms, rng)
    out += _line(times_s, shaft_hz, vibration.imbalance_mm_s * severities.get("imbalance", 0.0) * share**2, rng)
    out += _line(times_s, 2 * shaft_hz, vibration.misalignment_mm_s * severities.get("misalignment", 0.0) * share**2, rng)
    loose = vibration.looseness_mm_s * severities.get("looseness", 0.0) * (0.5 + 0.5 * load) * share
    for order in LOOSE_ORDERS:
        out += _line(times_s, order * shaft_hz, loose / len(LOOSE_ORDERS) ** 0.5, rng)
    cavitating = vibration.cavitation_mm_s * severities.get("cavitation", 0.0) * share
    out += _of_velocity(_noise(times_s.size, *CAVITATION_HZ, rng), cavitating)
    if (severity := severities.get("bearing_wear", 0.0)) > 0.0:
        out += _strikes(machine, times_s, shaft_hz, severity, race, bearing, rng)
    return out


def _line(times_s: Floats, frequency_hz: float, rms_mm_s: float, rng: np.random.Generator) -> Floats:
    """A pure vibration of that RMS velocity, at a chance phase."""
    peak_g = rms_mm_s * 2**0.5 * 2 * np.pi * frequency_hz / GRAVITY_MM_S2
    return peak_g * np.sin(2 * np.pi * (frequency_hz * times_s + rng.random()))


def _noise(size: int, low_hz: float, high_hz: float, rng: np.random.Generator) -> Floats:
    """Noise of RMS 1 in a band."""
    spectrum, frequencies = np.fft.rfft(rng.standard_normal(size)), np.fft.rfftfreq(size, 1 / RATE_HZ)
    spectrum[(frequencies < low_hz) | (frequencies > high_hz)] = 0.0
    found = np.fft.irfft(spectrum, size)
    return np.asarray(found / found.std(), np.float64)


def _strikes(
    machine: Machine,
    times_s: Floats,
    shaft_hz: float,
    severity: float,
    race: Race,
    bearing: Bearing,
    rng: np.random.Generator,
) -> Floats:
    """Rings at the resonance, and pushes that carry the velocity which wear adds."""
    period_s = 1.0 / (getattr(bearing, race) * shaft_hz)
    steps_s = rng.normal(period_s, bearing.slip * period_s, int(times_s[-1] / period_s) + 2)
    moments_s = rng.random() * period_s + np.cumsum(steps_s) - steps_s[0]
    moments_s = moments_s[moments_s < times_s[-1]]
    weights = rng.lognormal(0.0, UNEVEN, moments_s.size)
    if race == "inner_race":
        weights *= 1.0 + np.cos(2 * np.pi * shaft_hz * moments_s)
    struck = np.zeros(times_s.size)
    np.add.at(struck, (moments_s * RATE_HZ).astype(int), weights)
    ring_s = np.arange(int(RING_S * RATE_HZ)) / RATE_HZ
    ring = np.exp(-RING_DECAY_PER_S * ring_s) * np.sin(2 * np.pi * bearing.resonance_hz * ring_s)
    push = np.hanning(int(PUSH_S * RATE_HZ))
    rung, pushed = (np.convolve(struck, kernel)[: times_s.size] for kernel in (ring, push))
    rung *= STRIKE_G * machine.vibration.bearing_mm_s * worn(severity) ** STRIKE_GROWTH
    wanted_mm_s = machine.vibration.bearing_mm_s * worn(severity)
    found: Floats = rung + _of_velocity(pushed - pushed.mean(), max(0.0, wanted_mm_s - _velocity_mm_s(rung)))
    return found


def _of_velocity(acceleration: Floats, rms_mm_s: float) -> Floats:
    """The same, scaled to that RMS velocity."""
    return acceleration * (rms_mm_s / max(_velocity_mm_s(acceleration), 1e-12))


def _velocity_mm_s(acceleration_g: Floats) -> float:
    """RMS velocity in 10 to 1,000 Hz: the spectrum of acceleration over 2πf (ISO 20816-3 measures in this band)."""
    frequencies = np.fft.rfftfreq(acceleration_g.size, 1 / RATE_HZ)
    inside = (frequencies >= BAND_HZ[0]) & (frequencies <= BAND_HZ[1])
    peaks = np.abs(np.fft.rfft(acceleration_g))[inside] * 2 / acceleration_g.size * GRAVITY_MM_S2
    return float(np.sqrt(np.sum((peaks / (2 * np.pi * frequencies[inside])) ** 2) / 2))
