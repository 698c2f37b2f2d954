"""Two hundred seeded schedules of edge, broker, centre, clocks, disks and network: the oracle finds nothing missing.

Any part may be killed before any statement, disks filled, messages delayed, shuffled, repeated and dropped, clocks set, and
the centre put back to an older copy of itself. `benchmarks/chaos.py` plays more of the same.
"""

from pathlib import Path

import pytest

from tests.model.play import Outcome, in_memory, played, shortened
from tests.model.schedule import drawn

SCHEDULES, AT_ONCE = 200, 20


@pytest.mark.parametrize("first", range(0, SCHEDULES, AT_ONCE))
def test_whatever_breaks_nothing_is_lost_and_nothing_applied_twice(first: int, tmp_path: Path) -> None:
    """Twenty schedules: all that was committed is stored once, in order; what a full disk forced out is declared."""
    folder = in_memory(tmp_path)
    outcomes = [played(drawn(seed), folder) for seed in range(first, first + AT_ONCE)]
    failed = [outcome for outcome in outcomes if outcome.verdict.faults]
    assert not failed, told(failed, folder)
    assert sum(outcome.verdict.events for outcome in outcomes) > 100 * AT_ONCE // 2


def told(failed: list[Outcome], folder: Path) -> str:
    """The seeds, and the first as short as it gets: `played(drawn(seed))` does it again."""
    seeds = [outcome.schedule.seed for outcome in failed]
    return f"seeds {seeds} fail; the first, made short:\n{shortened(failed[0], folder)}"
