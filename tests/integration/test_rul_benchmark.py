"""The benchmark of remaining life works on data laid out as it says: engines made here, which wear in plain sight."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]


def engines(rng: np.random.Generator, number: int, cut: bool) -> tuple[NDArray[np.float64], list[int]]:
    """Rows (unit, cycle, 24 channels), and what each engine had left at its last row."""
    rows, left = [], []
    for unit in range(1, number + 1):
        life = int(rng.integers(60, 90))
        seen = int(rng.integers(30, life - 5)) if cut else life
        worn = np.clip(1 - (life - np.arange(1, seen + 1)) / 50, 0, 1)[:, None]
        channels = worn * np.linspace(-3, 3, 24) + 0.1 * rng.standard_normal((seen, 24))
        rows.append(np.column_stack([np.full(seen, unit), np.arange(1, seen + 1), channels]))
        left.append(life - seen)
    return np.concatenate(rows), left


def laid_out(folder: Path) -> Path:
    """One set, as C-MAPSS is laid out."""
    place, rng = folder / "sensors" / "cmapss_fd009", np.random.default_rng(3)
    place.mkdir(parents=True)
    np.savetxt(place / "train_FD009.txt", engines(rng, 14, cut=False)[0])
    running, left = engines(rng, 12, cut=True)
    np.savetxt(place / "test_FD009.txt", running)
    np.savetxt(place / "RUL_FD009.txt", left, fmt="%d")
    return folder


def test_wear_in_plain_sight_is_told(tmp_path: Path) -> None:
    """Better than the spread of lives; figures are named after the set, peers beside them."""
    command = [sys.executable, "benchmarks/rul.py", "--data", str(laid_out(tmp_path)), "--quick", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=150)
    told = json.loads(done.stdout.splitlines()[-1])
    assert set(told["figures"]) == {"fd009_rmse", "fd009_score", "fd009_coverage_90"}
    assert {"hgb_fd009_rmse", "ridge_fd009_rmse"} <= set(told["peers"])
    assert told["figures"]["fd009_rmse"] < 12
    assert 0.5 <= told["figures"]["fd009_coverage_90"] <= 1


def test_missing_data_is_named(tmp_path: Path) -> None:
    """With the pattern that was looked for."""
    command = [sys.executable, "benchmarks/rul.py", "--data", str(tmp_path), "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert "cmapss_" in done.stderr
