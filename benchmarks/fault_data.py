"""Tables for fault prediction, each with the physical features that an engineer would declare beside it.

`sensors/ai4i2020` (CSV of machine states), `sensors/steel_plates` (CSV, one column a fault), `sensors/secom` (train*.csv and
*test*.csv, y = 1 failed), `sensors/hydraulic` (a text file a sensor, one row a cycle, and profile.txt).
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import DataMissing, files
from central.methods.tabular import Physical, with_physical

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

MACHINE_PHYSICS = (
    Physical("temperature difference", "difference", "Process temperature", "Air temperature"),
    Physical("power", "product", "Torque", "Rotational speed"),
    Physical("strain", "product", "Torque", "Tool wear"),
)
PLATE_PHYSICS = (
    Physical("width", "difference", "X_Maximum", "X_Minimum"),
    Physical("length", "difference", "Y_Maximum", "Y_Minimum"),
    Physical("contrast", "difference", "Maximum_of_Luminosity", "Minimum_of_Luminosity"),
    Physical("mean luminosity", "ratio", "Sum_of_Luminosity", "Pixels_Areas"),
    Physical("place across", "ratio", "X_Maximum", "Length_of_Conveyer"),
)
QUALITY = {"L": 0.0, "M": 1.0, "H": 2.0}
STEPS = {"SE": 60, "VS1": 12, "CP": 6}  # of the shape of a cycle: sensors that answer within it; the others are slow
OTHER_STEPS = 1
CYCLES_A_BLOCK = 49
GRADES = {"valve": 1, "accumulator": 3}  # columns of profile.txt; the other two components are told apart by anybody


@dataclass(frozen=True)
class Labelled:
    """values: (n, p), NaN where missing; labels: (n,)."""

    values: Floats
    labels: Ints


def machines(folder: Path) -> Labelled:
    """States of a milling machine: 1 failed. Without the columns that name the mode of failure, which would tell."""
    rows = _rows(_only(folder / "sensors" / "ai4i2020"))
    names = ["Air temperature", "Process temperature", "Rotational speed", "Torque", "Tool wear"]
    spelled = {name: next(key for key in rows[0] if key.startswith(name)) for name in names}
    measured = np.array([[float(row[spelled[name]]) for name in names] for row in rows])
    values, _ = with_physical(measured, names, MACHINE_PHYSICS)
    quality = np.array([[QUALITY.get(row["Type"], np.nan)] for row in rows])
    return Labelled(np.hstack([values, quality]), np.array([int(row["Machine failure"]) for row in rows], dtype=np.intp))


def plates(folder: Path) -> Labelled:
    """Steel plates: which of the faults, by its column."""
    rows = _rows(_only(folder / "sensors" / "steel_plates"))
    names = list(rows[0])
    first_fault = names.index("SigmoidOfAreas") + 1
    table = np.array([[float(row[name] or "nan") for name in names] for row in rows])
    values, _ = with_physical(table[:, :first_fault], names[:first_fault], PLATE_PHYSICS)
    return Labelled(values, table[:, first_fault:].argmax(axis=1))


def wafers(folder: Path) -> tuple[Labelled, Labelled]:
    """Wafers to learn from and wafers to judge: 1 failed. The sensors that both tables have."""
    train = _rows(_only(folder / "sensors" / "secom", "train*.csv"))
    test = _rows(_only(folder / "sensors" / "secom", "*test*.csv"))
    names = [name for name in train[0] if name not in ("", "y") and name in test[0]]
    return _wafers(train, names), _wafers(test, names)


@dataclass(frozen=True)
class Cycles:
    """values: (n, p); grades: (n, components) as in profile.txt; block: (n,) cycles that lie together in time."""

    values: Floats
    grades: Ints
    block: Ints


def cycles(folder: Path) -> Cycles:
    """Load cycles of a hydraulic rig: level, spread and course of each sensor, and the shape of the quick ones."""
    rig = folder / "sensors" / "hydraulic"
    grades = np.loadtxt(_only(rig, "profile.txt")).astype(np.intp)
    texts = ("profile", "description", "documentation")
    sensors = [path for path in files(rig, "*.txt") if path.stem not in texts]
    parts = [_cycle_features(np.loadtxt(path), STEPS.get(path.stem, OTHER_STEPS)) for path in sensors]
    return Cycles(np.hstack(parts), grades, np.arange(len(grades)) // CYCLES_A_BLOCK)


def _cycle_features(cycle: Floats, steps: int) -> Floats:
    """(n, seconds) → (n, 5 + steps): mean, spread, least, most, slope; then each step's mean less the cycle's."""
    seconds = np.arange(cycle.shape[1]) - (cycle.shape[1] - 1) / 2
    mean = cycle.mean(axis=1, keepdims=True)
    slope = (cycle @ seconds / (seconds @ seconds))[:, None]
    level = [mean, cycle.std(axis=1, keepdims=True), cycle.min(axis=1)[:, None], cycle.max(axis=1)[:, None], slope]
    shape = [part.mean(axis=1, keepdims=True) - mean for part in np.array_split(cycle, steps, axis=1)]
    return np.hstack([*level, *(shape if steps > 1 else [])])


def _wafers(rows: Sequence[dict[str, str]], names: Sequence[str]) -> Labelled:
    values = np.array([[float(row[name] or "nan") for name in names] for row in rows])
    return Labelled(values, np.array([float(row["y"]) > 0 for row in rows]).astype(np.intp))


def _only(folder: Path, pattern: str = "*.csv") -> Path:
    found = files(folder, pattern)
    if len(found) > 1:
        raise DataMissing(f"{len(found)} files are {pattern} in {folder}: one is expected")
    return found[0]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))
