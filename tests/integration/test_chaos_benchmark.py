"""The chaos benchmark works; the full run has a thousand schedules."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
NOTHING = {"lost": 0, "applied_twice": 0, "out_of_order_in_lane": 0, "undeclared_loss": 0}


@pytest.mark.slow
def test_a_quick_look_at_chaos_gives_every_figure_and_both_peers() -> None:
    """A few schedules of each kind: nothing is missing, and what the peers lost is told beside it."""
    command = [sys.executable, "benchmarks/chaos.py", "--quick", "--json"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, text=True, timeout=170)
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["benchmark"], told["quick"]) == ("chaos", True)
    figures = told["figures"]
    assert figures.keys() == {*NOTHING, "schedules", "events", "real_kill_schedules"}
    assert NOTHING.items() <= figures.items(), done.stdout
    assert figures["events"] > figures["schedules"] * 50
    assert told["peers"]["paho_queue_events"] == told["peers"]["mosquitto_persistence_events"] > 0
    assert told["peers"]["paho_queue_lost"] >= 0 <= told["peers"]["mosquitto_persistence_lost"]
