"""The benchmarks of machines work: healthy months and injected faults, in the quick look that a person takes first."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def told(*options: str) -> dict[str, dict[str, float]]:
    """The last line of a benchmark."""
    command = [sys.executable, *options, "--quick", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=240)
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_false_alarms_are_counted_against_their_budget() -> None:
    """Four machines for two days, each at both budgets."""
    figures = told("benchmarks/false_alarms.py")["figures"]
    assert figures["asset_days"] == 8
    assert figures["realised_over_budget_max"] >= figures["realised_over_budget_min"] >= 0.0


def test_faults_are_injected_over_the_wire_and_without() -> None:
    """Another seed makes other cases; a unit that answers exceptions, at least, is found."""
    figures = told("benchmarks/faults.py", "--seed", "7")["figures"]
    assert figures["cases"] >= 10
    assert 0.3 <= figures["found"] <= 1.0
    assert 0.0 <= figures["sensor_called_machine"] <= 1.0
