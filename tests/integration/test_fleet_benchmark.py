"""The fleet benchmark works; what it measures on a busy machine proves nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FIGURES = {
    "drained_events",
    "offline_7d_drain_s",
    "live_alarm_while_draining_s",
    "devices",
    "messages",
    "backlog_growth_per_s",
    "commit_to_out_p99_ms",
    "lost",
}


@pytest.mark.slow
def test_a_quick_look_at_the_fleet_gives_every_figure() -> None:
    """What was kept offline and what a few devices say lands, is announced, and nothing of it is lost."""
    command = [sys.executable, "benchmarks/fleet.py", "--quick", "--json"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, text=True, timeout=170)
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["benchmark"], told["quick"]) == ("fleet", True)
    figures = told["figures"]
    assert figures.keys() == FIGURES
    assert figures["lost"] == 0
    assert (figures["drained_events"], figures["devices"]) == (3_000, 20)
    assert figures["messages"] >= 20
    assert figures["offline_7d_drain_s"] > 0 < figures["live_alarm_while_draining_s"]
    assert figures["commit_to_out_p99_ms"] > 0
    assert told["peers"]["paho_and_sqlite_messages_a_second"] > 0
