"""Does the agent name the worn part of a bearing, keep quiet on a healthy one, and see the failing bearing of a rig first?

CWRU: each recording is cut into stretches of two seconds, each diagnosed alone with the product's settings. The truth is the
beginning of the file's name after its speed (IR, OR, B, Normal). IMS: rows of a run to failure, in the order in which they
came, through the agent's own equipment task.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import bearings_ims
from benchmarks.datasets import data_folder, files
from benchmarks.report import Figure, Options, Result, run
from edge_agent.tasks.equipment_anomaly.vibration.bearing import BearingGeometry
from edge_agent.tasks.equipment_anomaly.vibration.envelope import Diagnosis, Part, diagnose

RATE_HZ, STRETCH_S = 12_000.0, 2.0
BEARING_6205 = BearingGeometry(balls=9, ball_diameter_mm=7.94, pitch_diameter_mm=39.04)
_NAME = re.compile(r"(?P<rpm>\d+)_(?P<fault>IR|OR|B|Normal)")
_PARTS: dict[str, Part | None] = {"IR": "inner_race", "OR": "outer_race", "B": "ball", "Normal": None}
_PEER_BAND_HZ = (2000.0, 5000.0)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One stretch: what is worn in truth, what the product said, and what the peer did."""

    recording: str
    truth: Part | None
    said: Diagnosis
    peer: Part


def measure(options: Options) -> Result:
    """Both rigs."""
    folder = data_folder(options.data) / "sensors"
    cases = [case for file in files(folder, "cwru_raw/*.npz") for case in _cases(file, options.quick)]
    rows, figures = _table(cases)
    ims = bearings_ims.measured(files(folder, "ims_bearing/*.csv"), options.quick)
    peers: dict[str, Figure] = {"cwru_envelope_peak_races_named": _peer_share(cases), **ims.peers}
    return Result({**figures, **ims.figures}, peers, [*rows, *ims.rows], data=str(folder), notes=ims.notes)


def _cases(file: Path, is_quick: bool) -> Iterator[Case]:
    found = _NAME.match(file.name)
    if found is None:
        return
    with np.load(file) as recording:
        acceleration = recording["DE"].astype(np.float64).ravel()
    shaft_hz, size = int(found["rpm"]) / 60, int(RATE_HZ * STRETCH_S)
    orders, truth = BEARING_6205.orders(), _PARTS[found["fault"]]
    most = 1 if is_quick else acceleration.size // size
    for number in range(most):
        stretch = acceleration[number * size : (number + 1) * size]
        yield Case(file.stem, truth, diagnose(stretch, RATE_HZ, shaft_hz, orders), _peer(stretch, shaft_hz))


def _peer(acceleration: Floats, shaft_hz: float) -> Part:
    """The simple way: one fixed band, and the largest line at a fault's frequency over its neighbourhood wins."""
    spectrum, frequencies = np.fft.fft(acceleration), np.fft.fftfreq(acceleration.size, 1 / RATE_HZ)
    spectrum[(frequencies < _PEER_BAND_HZ[0]) | (frequencies >= _PEER_BAND_HZ[1])] = 0
    envelope = np.abs(np.fft.ifft(2 * spectrum))
    lines = np.abs(np.fft.rfft(envelope - envelope.mean())) ** 2
    orders = BEARING_6205.orders()
    names: tuple[Part, ...] = ("outer_race", "inner_race", "ball")
    return max(names, key=lambda part: _peak(lines, getattr(orders, part) * shaft_hz))


def _peak(lines: Floats, place_hz: float) -> float:
    place, reach, around = round(place_hz * STRETCH_S), 4, 60
    near = lines[place - reach : place + reach + 1].max()
    return float(near / np.median(lines[place - around : place + around + 1]))


def _table(cases: list[Case]) -> tuple[list[list[str]], dict[str, Figure]]:
    rows = [["recording", "stretches", "named right", "named wrong", "not diagnosable", "least clarity", "most"]]
    for name in dict.fromkeys(case.recording for case in cases):
        own = [case for case in cases if case.recording == name]
        right = sum(case.said.part is not None and case.said.part == case.truth for case in own)
        wrong = sum(case.said.part is not None and case.said.part != case.truth for case in own)
        clarities = [case.said.clarity for case in own]
        counted = [str(number) for number in (len(own), right, wrong, len(own) - right - wrong)]
        rows.append([name, *counted, f"{min(clarities):.2f}", f"{max(clarities):.2f}"])
    races = [case for case in cases if case.truth in ("inner_race", "outer_race")]
    diagnosed = [case for case in races if case.said.part is not None]
    healthy = [case for case in cases if case.truth is None]
    return rows, {
        "cwru_races_named": _share(sum(case.said.part == case.truth for case in diagnosed), len(diagnosed)),
        "cwru_races_diagnosed": _share(len(diagnosed), len(races)),
        "cwru_healthy_called_faulty": _share(sum(case.said.part is not None for case in healthy), len(healthy)),
    }


def _peer_share(cases: list[Case]) -> Figure:
    races = [case for case in cases if case.truth in ("inner_race", "outer_race")]
    return _share(sum(case.peer == case.truth for case in races), len(races))


def _share(part: int, whole: int) -> Figure:
    return round(part / whole, 4) if whole else None


if __name__ == "__main__":
    run("bearings", "Is the worn part named, the healthy one left alone, the failing one seen first?", measure)
