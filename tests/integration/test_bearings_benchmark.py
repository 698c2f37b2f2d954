"""The benchmark of bearings works on data laid out as it says: made here, so its figures are known."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from tests.parts.waveforms import BEARING, struck

ROOT = Path(__file__).parents[2]


def laid_out(folder: Path) -> Path:
    """Two worn races, a healthy bearing, and a rig whose first bearing gets worse."""
    cwru, ims = folder / "sensors" / "cwru_raw", folder / "sensors" / "ims_bearing"
    cwru.mkdir(parents=True)
    ims.mkdir()
    orders = BEARING.orders()
    waves = {"IR_7": struck(orders.inner_race, 1, modulated=True), "ORat6_7": struck(orders.outer_race, 2)}
    for name, wave in (waves | {"Normal": struck(3, 3, strength=0.0)}).items():
        np.savez(cwru / f"1797_{name}.npz", DE=wave.astype(np.float32))
    rng, start = np.random.default_rng(4), datetime(2004, 2, 12, 10, tzinfo=UTC)
    lines = [",0,1,2,3"]
    for row in range(320):
        levels = 0.06 + 0.002 * rng.standard_normal(4) + np.array([max(0, row - 200) * 0.002, 0, 0, 0])
        at = start + timedelta(minutes=10 * row)
        lines.append(f"{at:%Y.%m.%d.%H.%M.%S}," + ",".join(f"{level:.6f}" for level in levels))
    (ims / "merged_dataset_BearingTest_2.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_the_benchmark_names_what_was_made(tmp_path: Path) -> None:
    """Both races by name, the healthy one left alone; one line of JSON at the end."""
    command = [sys.executable, "benchmarks/bearings.py", "--data", str(laid_out(tmp_path)), "--quick", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["figures"] == {"cwru_races_named": 1.0, "cwru_races_diagnosed": 1.0, "cwru_healthy_called_faulty": 0.0}
    assert told["peers"]["cwru_envelope_peak_races_named"] >= 0.5
    assert "IMS test 2" in done.stdout


def test_missing_data_is_named(tmp_path: Path) -> None:
    """With the option that names it."""
    command = [sys.executable, "benchmarks/bearings.py", "--data", str(tmp_path), "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert "cwru_raw" in done.stderr
