"""Waveforms that are made: shaft lines, noise, and a resonance that something strikes."""

import numpy as np
from numpy.typing import NDArray

from edge_agent.tasks.equipment_anomaly.vibration.bearing import BearingGeometry
from edge_agent.tasks.equipment_anomaly.vibration.features import STANDARD_GRAVITY_MM_S2

RATE_HZ, SECONDS, SHAFT_HZ = 12_000.0, 2.0, 29.95
BEARING = BearingGeometry(balls=9, ball_diameter_mm=7.94, pitch_diameter_mm=39.04)
TIMES_S = np.arange(int(RATE_HZ * SECONDS)) / RATE_HZ
Floats = NDArray[np.float64]


def sine_g(velocity_peak_mm_s: float, frequency_hz: float) -> Floats:
    """The acceleration of a pure vibration."""
    return (
        velocity_peak_mm_s * 2 * np.pi * frequency_hz / STANDARD_GRAVITY_MM_S2 * np.sin(2 * np.pi * frequency_hz * TIMES_S)
    )


def struck(order: float, seed: int, modulated: bool = False, strength: float = 1.0) -> Floats:
    """A resonance at 3.1 kHz struck at an order of the shaft, with slip, in noise and shaft lines."""
    rng = np.random.default_rng(seed)
    signal = 0.2 * rng.standard_normal(TIMES_S.size) + sine_g(3, SHAFT_HZ) + sine_g(1, 2 * SHAFT_HZ)
    moments = np.cumsum(rng.normal(1, 0.01, int(SECONDS * order * SHAFT_HZ)) / (order * SHAFT_HZ))
    ring_s = np.arange(int(0.004 * RATE_HZ)) / RATE_HZ
    ring = np.exp(-ring_s * 1200) * np.sin(2 * np.pi * 3100 * ring_s)
    for moment in moments:
        first = int(moment * RATE_HZ)
        load = 1 + np.cos(2 * np.pi * SHAFT_HZ * moment) if modulated else 1.0
        room = signal[first : first + ring.size]
        room += strength * load * ring[: room.size]
    return signal
