"""Which part of a bearing is worn, from one waveform: combs of lines in the squared envelope of the whitened signal.

Cepstral prewhitening (Borghesani et al., MSSP 36, 2013) takes the shaft's and gears' lines out; the squared envelope of
bands that a resonance may lie in shows how often the rest is struck (Randall and Antoni, MSSP 25, 2011). A part is named
when the comb of lines at its frequency stands clear of the combs at all other frequencies of the same spectrum, so that no
baseline of the machine is needed. Otherwise nothing is named: many ball faults and weak lines cannot be told this way (Smith
and Randall, MSSP 64, 2015).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge_agent.tasks.equipment_anomaly.vibration.bearing import BearingOrders

Floats = NDArray[np.float64]
Part = Literal["outer_race", "inner_race", "ball"]
PARTS: tuple[Part, ...] = ("outer_race", "inner_race", "ball")

HARMONICS = 3
SLIP = 0.015  # rolling elements slide: lines lie up to this share beside their kinematic place
CLEAR = 1.5  # a comb so many times as strong as nearly all others is a fault's
NEARLY_ALL = 0.95
BAND_HZ, BAND_STEP_HZ, LOWEST_HZ = 1000.0, 500.0, 500.0
HIGHEST_SHARE = 0.49  # of the sampling rate: the converter's filter falls above it
ORDERS: Floats = np.arange(2.2, 6.3, 0.02)
APART = 0.12  # orders this near to a fault's comb or a shaft line say nothing of the background
LEAST_TURNS = 20


@dataclass(frozen=True)
class Diagnosis:
    """part: what is worn, None for "not diagnosable". clarity: its comb over nearly all others; band_hz: where.

    depth: sum of the modulation depths of its first lines. clarities: of every part, for those who want to know why.
    """

    part: Part | None
    clarity: float
    depth: float
    band_hz: tuple[float, float]
    clarities: dict[Part, float]


def diagnose(acceleration: Floats, rate_hz: float, shaft_hz: float, orders: BearingOrders) -> Diagnosis:
    """Name the worn part in a waveform (n,) sampled at `rate_hz`, of a shaft that turns at `shaft_hz`.

    Raises ValueError when fewer than twenty turns are in it, or it holds anything but numbers.
    """
    seconds = acceleration.size / rate_hz
    if shaft_hz <= 0 or seconds * shaft_hz < LEAST_TURNS:
        raise ValueError(f"{seconds:.1f} s at {shaft_hz:.1f} Hz: at least {LEAST_TURNS} turns of the shaft are needed")
    if not np.isfinite(acceleration).all():
        raise ValueError("the waveform holds values that are no numbers")
    found = [_in_band(_envelope_depths(whitened(acceleration), rate_hz, band), seconds, shaft_hz, orders, band)
             for band in bands(rate_hz)]  # fmt: skip
    clarities = {part: max(each[part].clarity for each in found) for part in PARTS}
    part = max(PARTS, key=lambda name: clarities[name])
    best = max((each[part] for each in found), key=lambda comb: comb.clarity)
    named = part if best.clarity >= CLEAR else None
    return Diagnosis(named, best.clarity, best.depth, best.band_hz, clarities)


def whitened(signal: Floats) -> Floats:
    """The signal with a flat spectrum and its phases kept: what is periodic weighs no more than what is not."""
    spectrum = np.fft.rfft(signal - signal.mean())
    return np.fft.irfft(spectrum / np.maximum(np.abs(spectrum), 1e-12), signal.size)


def bands(rate_hz: float) -> list[tuple[float, float]]:
    """The whole range, and bands of a kilohertz that overlap by half: the resonance may lie in any."""
    highest = HIGHEST_SHARE * rate_hz
    lows = np.arange(LOWEST_HZ + BAND_STEP_HZ, highest - BAND_HZ + 1, BAND_STEP_HZ)
    return [(LOWEST_HZ, highest), *((float(low), float(low) + BAND_HZ) for low in lows)]


@dataclass(frozen=True)
class _Comb:
    clarity: float
    depth: float
    band_hz: tuple[float, float]


def _envelope_depths(signal: Floats, rate_hz: float, band: tuple[float, float]) -> Floats:
    """Modulation depth of the squared envelope in `band` at each frequency."""
    size = signal.size
    spectrum = np.fft.fft(signal)
    frequencies = np.fft.fftfreq(size, 1 / rate_hz)
    spectrum[(frequencies < band[0]) | (frequencies >= band[1])] = 0
    envelope = np.abs(np.fft.ifft(2 * spectrum)) ** 2
    mean = envelope.mean()
    window = np.hanning(size)
    spectrum_of_it = np.abs(np.fft.rfft((envelope - mean) * window))
    return np.asarray(spectrum_of_it * 2 / (window.sum() * max(mean, 1e-300)), np.float64)


def _in_band(
    depths: Floats, seconds: float, shaft_hz: float, orders: BearingOrders, band: tuple[float, float]
) -> dict[Part, _Comb]:
    others = _combs(depths, seconds, _unrelated(orders) * shaft_hz)
    background, rival = float(np.quantile(others, NEARLY_ALL)), float(others.max())
    found = _combs(depths, seconds, np.array([getattr(orders, part) for part in PARTS]) * shaft_hz)
    return {
        part: _Comb(_clarity(float(depth), background, rival), float(depth), band)
        for part, depth in zip(PARTS, found, strict=True)
    }


def _clarity(depth: float, background: float, rival: float) -> float:
    """Below 1 when something that is no part of the bearing strikes harder."""
    return depth / max(background if depth >= rival else rival, 1e-300)


def _combs(depths: Floats, seconds: float, frequencies_hz: Floats) -> Floats:
    """Sum over the harmonics of the highest depth near each of them; frequencies (k,) → (k,)."""
    total = np.zeros(frequencies_hz.size)
    for harmonic in range(1, HARMONICS + 1):
        centres = frequencies_hz * harmonic * seconds
        reach = np.maximum(1, np.ceil(centres * SLIP)).astype(int)
        offsets = np.arange(-int(reach.max()), int(reach.max()) + 1)
        places = np.rint(centres).astype(int)[:, None] + offsets
        near = np.where(np.abs(offsets) <= reach[:, None], depths[np.clip(places, 0, depths.size - 1)], 0.0)
        total += near.max(axis=1)
    return np.asarray(total, np.float64)


def _unrelated(orders: BearingOrders) -> Floats:
    """Orders that neither a fault of this bearing nor the shaft has lines at."""
    own = [orders.outer_race, orders.inner_race, orders.ball]
    beside = [orders.outer_race - 1, orders.outer_race + 1, orders.inner_race - 1, orders.inner_race + 1, orders.ball / 2]
    lines = np.array([*own, *beside, *range(1, 9)])
    is_apart = (np.abs(ORDERS[:, None] - lines) > APART).all(axis=1)
    return np.asarray(ORDERS[is_apart], np.float64)
