"""The benchmark of fault prediction works on data laid out as it says: small tables made here, whose faults can be found."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
ROWS = 120
CYCLES = 343


def laid_out(folder: Path) -> Path:
    """Four tables, each with a plain rule behind its labels."""
    rng = np.random.default_rng(7)
    sensors = folder / "sensors"
    for name in ("ai4i2020", "steel_plates", "secom", "hydraulic"):
        (sensors / name).mkdir(parents=True)
    _machines(sensors / "ai4i2020" / "states.csv", rng)
    _plates(sensors / "steel_plates" / "plates.csv", rng)
    for name in ("train.csv", "x_test.csv"):
        _wafers(sensors / "secom" / name, rng)
    _cycles(sensors / "hydraulic", rng)
    return folder


def _machines(path: Path, rng: np.random.Generator) -> None:
    lines = ["UDI,Product ID,Type,Air temperature,Process temperature,Rotational speed,Torque,Tool wear,Machine failure,TWF"]
    for row in range(ROWS):
        torque, wear = rng.uniform(20, 60), rng.uniform(0, 240)
        failed = int(torque * wear > 6000)
        lines.append(f"{row},L{row},{'LMH'[row % 3]},298.1,308.{row % 10},{1500 + row},{torque:.1f},{wear:.0f},{failed},0")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")


def _plates(path: Path, rng: np.random.Generator) -> None:
    features = ["X_Minimum", "X_Maximum", "Y_Minimum", "Y_Maximum", "Pixels_Areas", "Sum_of_Luminosity"]
    features += ["Minimum_of_Luminosity", "Maximum_of_Luminosity", "Length_of_Conveyer", "SigmoidOfAreas"]
    lines = [",".join([*features, "Bump", "Scratch", "Other"])]
    for _ in range(ROWS):
        values = rng.uniform(1, 100, len(features))
        kind = int(values[1] - values[0] > 20) + int(values[1] - values[0] > 50)
        lines.append(",".join([*(f"{value:.2f}" for value in values), *(str(int(kind == one)) for one in range(3))]))
    path.write_text("\n".join(lines) + "\n")


def _wafers(path: Path, rng: np.random.Generator) -> None:
    lines = [",0,1,2,3,y"]
    for row in range(ROWS):
        values = rng.standard_normal(4)
        cells = [f"{value:.3f}" if rng.random() > 0.05 else "" for value in values]
        lines.append(f"{row},{','.join(cells)},{1 if values[0] > 1.0 else -1}")
    path.write_text("\n".join(lines) + "\n")


def _cycles(folder: Path, rng: np.random.Generator) -> None:
    valve = (np.arange(CYCLES) // 10) % 2
    accumulator = (np.arange(CYCLES) // 30) % 3
    course = np.arange(60) / 60
    np.savetxt(folder / "SE.txt", 60 + np.outer(valve, 5 * course) + rng.normal(0, 0.5, (CYCLES, 60)), delimiter="\t")
    np.savetxt(folder / "TS1.txt", 40 + 3 * accumulator[:, None] + rng.normal(0, 0.5, (CYCLES, 60)), delimiter="\t")
    grades = np.column_stack(
        [np.full(CYCLES, 100), 100 - 10 * valve, np.zeros(CYCLES), 130 - 15 * accumulator, np.zeros(CYCLES)]
    )
    np.savetxt(folder / "profile.txt", grades, fmt="%d", delimiter="\t")


def test_the_benchmark_finds_the_faults_that_were_made(tmp_path: Path) -> None:
    """Each figure of the goals, well above chance, with the peers beside; one line of JSON at the end."""
    command = [sys.executable, "benchmarks/fault_prediction.py", "--data", str(laid_out(tmp_path)), "--quick", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=240)
    told = json.loads(done.stdout.splitlines()[-1])
    goals = {"ai4i_ap", "ai4i_mcc", "steel_macro_f1", "secom_auc", "hydraulic_valve", "hydraulic_accumulator"}
    assert set(told["figures"]) == goals
    assert all(value > 0.6 for value in told["figures"].values())
    assert {f"{peer}_{goal}" for peer in ("hgb", "logistic") for goal in goals} <= set(told["peers"])
