"""The benchmark of an agent's cost works; what it measures on a busy machine proves nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_quick_look_at_an_agents_cost_gives_every_figure() -> None:
    """Real agents, broker and site; commits of ten write less than the peer's single ones."""
    command = [sys.executable, "benchmarks/edge_footprint.py", "--quick", "--json"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, text=True, timeout=170)
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["benchmark"], told["quick"]) == ("edge_footprint", True)
    figures = told["figures"]
    assert figures.keys() == {"events", "agent_rss_mb", "agent_with_vision_rss_mb", "write_amplification_1_per_s"}
    assert 20 < figures["agent_rss_mb"] < figures["agent_with_vision_rss_mb"] < 1000
    assert 1 < figures["write_amplification_1_per_s"] < told["peers"]["one_event_a_commit"]
