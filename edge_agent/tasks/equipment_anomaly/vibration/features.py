"""Numbers of one waveform of an accelerometer: how strong, how peaked, and how much of it turns with the shaft."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STANDARD_GRAVITY_MM_S2 = 9806.65
VELOCITY_BAND_HZ = (10.0, 1000.0)  # of ISO 20816-3: below it integration only adds the drift of the sensor
LINE_REACH = 0.02  # a shaft line lies within this share of where the measured speed puts it


@dataclass(frozen=True)
class Vibration:
    """velocity_rms_mm_s in 10 to 1,000 Hz; acceleration_rms_g; crest factor; kurtosis (3 for noise).

    line_1x_mm_s and so on: peak velocity at one, two and three times the shaft's speed, None while it stands still.
    """

    velocity_rms_mm_s: float
    acceleration_rms_g: float
    crest: float
    kurtosis: float
    line_1x_mm_s: float | None = None
    line_2x_mm_s: float | None = None
    line_3x_mm_s: float | None = None


def vibration(acceleration_g: Floats, rate_hz: float, shaft_hz: float | None) -> Vibration:
    """The numbers of a waveform (n,) in g. Raises ValueError when it is shorter than two periods of 10 Hz, or not finite."""
    if acceleration_g.size < 2 * rate_hz / VELOCITY_BAND_HZ[0]:
        raise ValueError(f"{acceleration_g.size} samples at {rate_hz:g} Hz: at least 0.2 s are needed")
    if not np.isfinite(acceleration_g).all():
        raise ValueError("the waveform holds values that are no numbers")
    centred = acceleration_g - acceleration_g.mean()
    rms = float(np.sqrt(np.mean(centred**2)))
    velocities, frequencies = _velocity_spectrum(centred, rate_hz)
    inside = (frequencies >= VELOCITY_BAND_HZ[0]) & (frequencies <= VELOCITY_BAND_HZ[1])
    lines = [None if not shaft_hz else _line(velocities, frequencies, harmonic * shaft_hz) for harmonic in (1, 2, 3)]
    return Vibration(
        velocity_rms_mm_s=float(np.sqrt(np.sum(velocities[inside] ** 2) / 2)),
        acceleration_rms_g=rms,
        crest=float(np.abs(centred).max() / rms) if rms else 0.0,
        kurtosis=float(np.mean(centred**4) / rms**4) if rms else 0.0,
        line_1x_mm_s=lines[0],
        line_2x_mm_s=lines[1],
        line_3x_mm_s=lines[2],
    )


def _velocity_spectrum(centred_g: Floats, rate_hz: float) -> tuple[Floats, Floats]:
    """Peak velocity in mm/s of each line, and its frequency: acceleration divided by 2πf."""
    frequencies = np.asarray(np.fft.rfftfreq(centred_g.size, 1 / rate_hz), np.float64)
    peaks = np.abs(np.fft.rfft(centred_g)) * 2 / centred_g.size * STANDARD_GRAVITY_MM_S2
    velocities = np.zeros_like(peaks)
    velocities[1:] = peaks[1:] / (2 * np.pi * frequencies[1:])
    return velocities, frequencies


def _line(velocities: Floats, frequencies: Floats, place_hz: float) -> float | None:
    """Peak velocity of what turns at `place_hz`: the power of the lines near it, over which leakage spreads it."""
    reach_hz = max(place_hz * LINE_REACH, 1.5 * float(frequencies[1]))
    near = np.abs(frequencies - place_hz) <= reach_hz
    return float(np.sqrt(np.sum(velocities[near] ** 2))) if near.any() else None
