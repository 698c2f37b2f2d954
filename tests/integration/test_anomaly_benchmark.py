"""The benchmarks of the ears work on data laid out as documented; what they measure here proves nothing."""

import csv
import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks.nab_scorer import LOW_FALSE_ALARMS, STANDARD, Judged, score

REPOSITORY = Path(__file__).parents[2]
STARTED_AT = datetime(2026, 11, 24)  # noqa: DTZ001 (the published files tell no zone)
SKAB_HEADER = ["datetime", "Accelerometer1RMS", "Current", "Volume Flow RateRMS", "anomaly", "changepoint"]


def flags(rows: int, *places: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.isin(np.arange(rows), places)


def test_the_score_is_that_of_the_published_definition() -> None:
    """Silence 0, the first row of each window 100, a false alarm far behind costs its full weight, a late hit less."""
    windows = [(100, 199), (300, 399)]
    assert score([Judged(windows, 50, flags(1000))], STANDARD) == 0
    assert score([Judged(windows, 50, flags(1000, 100, 300))], STANDARD) == pytest.approx(100)
    assert score([Judged(windows, 50, flags(1000, 100, 300, 900))], STANDARD) == pytest.approx(100 - 100 * 0.11 / 4)
    assert score([Judged(windows, 50, flags(1000, 100, 300, 900))], LOW_FALSE_ALARMS) == pytest.approx(100 - 100 * 0.22 / 4)
    assert score([Judged(windows, 50, flags(1000, 10, 199, 300))], STANDARD) == pytest.approx(75, abs=1.5)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder laid out like the published sets: three small pump files, three series."""
    rng = np.random.default_rng(1)
    for number in range(3):
        rows = rng.normal([0.03, 1.0, 32.0], [0.001, 0.2, 0.1], (700, 3))
        rows[500:600, 2] -= 3.0
        told = [
            [str(STARTED_AT + timedelta(seconds=place)), *row, float(500 <= place < 600), float(place in (500, 600))]
            for place, row in enumerate(rows.tolist())
        ]
        write(tmp_path / f"sensors/skab/valve1/{number}.csv", SKAB_HEADER, told, ";")
        values = rng.normal(10, 1, 1200)
        values[800:] += 8
        series = [[str(STARTED_AT + timedelta(minutes=5 * place)), value] for place, value in enumerate(values.tolist())]
        write(tmp_path / f"sensors/nab/data/made/{number}.csv", ["timestamp", "value"], series, ",")
    window = [[str(STARTED_AT + timedelta(minutes=5 * place)) + ".000000" for place in (780, 900)]]
    labels = tmp_path / "sensors/nab/labels/combined_windows.json"
    labels.parent.mkdir()
    labels.write_text(json.dumps({f"made/{number}.csv": window for number in range(3)}))
    return tmp_path


def write(path: Path, header: list[str], rows: list[list[str | float]], delimiter: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])


def test_a_quick_look_at_the_ears_gives_every_figure(data: Path) -> None:
    """Plain faults are heard, and every figure and peer is told."""
    told = run("anomaly", "--data", str(data))
    figures = told["figures"]
    assert figures.keys() >= {
        "skab_f1_at_far10",
        "skab_f1_shuffled_start",
        "skab_nab_at_10_per_h",
        "skab_nab_at_28_per_h",
        "nab_standard",
        "nab_low_fp",
    }
    assert figures["skab_f1_at_far10"] > 0.8
    assert figures["nab_standard"] > 80
    assert {"skab_f1_blind: clock", "nab_kNN-CAD-like"} <= told["peers"].keys()


@pytest.mark.slow
def test_a_quick_look_at_their_cost_gives_every_figure() -> None:
    """Small state, small memory, and both ratios beside the peer in the same run."""
    figures = run("anomaly_speed")["figures"]
    assert figures["row_by_row_over_hst"] > 0 < figures["blocks_of_64_over_hst"]
    assert figures["state_kib_per_asset"] <= 8
    assert figures["rss_mib"] <= 100


def run(name: str, *more: str) -> dict[str, dict[str, float]]:
    command = [sys.executable, f"benchmarks/{name}.py", "--quick", "--json", *more]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, text=True, timeout=170)
    last: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return last
