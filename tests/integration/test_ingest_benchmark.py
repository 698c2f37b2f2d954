"""The ingest benchmark works; what it measures on a busy machine proves nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_quick_look_at_ingest_gives_every_figure() -> None:
    """Everything that twenty devices sent is on disk, once, and both ratios and the peer are told."""
    command = [sys.executable, "benchmarks/ingest.py", "--quick", "--json"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, text=True, timeout=170)
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["benchmark"], told["quick"]) == ("ingest", True)
    figures = told["figures"]
    assert figures.keys() == {"events", "batched_ratio", "unbatched_ratio", "lost", "applied_twice"}
    assert (figures["lost"], figures["applied_twice"]) == (0, 0)
    assert figures["events"] >= 10_000
    assert figures["batched_ratio"] > 0 < figures["unbatched_ratio"]
    assert told["peers"]["mosquitto_sub_events_a_second"] > 0
