"""Play a schedule, and make one that fails short enough to read."""

import os
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from structlog.testing import capture_logs

from edge_agent.link import publisher, window
from protocols.envelope import MAX_BATCH_EVENTS
from tests.model.oracle import Verdict, judged
from tests.model.schedule import Schedule
from tests.model.steps import Step
from tests.model.world import World

MEMORY = Path("/dev/shm")  # noqa: S108  files go into a folder of their own there
LAST_WORDS = 12
NARROW = (8, 2)  # events a batch, batches under way
MOST_TRIES = 60


@dataclass(frozen=True)
class Outcome:
    """What came of a schedule; `said`: the last things that the product logged."""

    schedule: Schedule
    verdict: Verdict
    said: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([str(self.verdict), str(self.schedule), "last words:", *(f"  {line}" for line in self.said)])


def in_memory(other: Path) -> Path:
    """A folder whose disk is memory, else the `other`: files are real, but a kill needs no fsync to be survived."""
    return MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else other


def played(schedule: Schedule, folder: Path) -> Outcome:
    """Do every step, let the world come to rest, and judge. folder: where files go (`in_memory`)."""
    with TemporaryDirectory(dir=folder) as own, capture_logs() as logs, _lines(schedule.is_narrow):
        verdict = _verdict(schedule, Path(own))
    return Outcome(schedule, verdict, tuple(str(line) for line in logs[-LAST_WORDS:]))


def shortened(outcome: Outcome, folder: Path) -> Outcome:
    """A failing schedule without the steps that it fails without, as far as a few tries find them."""
    tries, size = MOST_TRIES, max(1, len(outcome.schedule.steps) // 2)
    while size and tries > 0:
        for start in range(0, len(outcome.schedule.steps), size):
            tries -= 1
            shorter = played(_without(outcome.schedule, start, size), folder)
            if shorter.verdict.faults >= outcome.verdict.faults:
                outcome = shorter
                break
            if tries <= 0:
                break
        else:
            size //= 2
    return outcome


def _without(schedule: Schedule, start: int, size: int) -> Schedule:
    kept: Sequence[Step] = (*schedule.steps[:start], *schedule.steps[start + size :])
    return replace(schedule, steps=tuple(kept))


@contextmanager
def _lines(is_narrow: bool) -> Iterator[None]:
    batch_events, flights = NARROW if is_narrow else (MAX_BATCH_EVENTS, window.MAX_FLIGHTS)
    with patch.object(publisher, "MAX_BATCH_EVENTS", batch_events), patch.object(window, "MAX_FLIGHTS", flights):
        yield


def _verdict(schedule: Schedule, folder: Path) -> Verdict:
    world = World(folder, f"network {schedule.seed}", schedule.devices, schedule.room_bytes)
    try:
        for step in schedule.steps:
            step.do(world)
        is_at_rest = world.rest()
        verdict = judged(world)
        return verdict if is_at_rest else replace(verdict, problem="it never comes to rest: something is not delivered")
    except Exception:
        return Verdict(problem=traceback.format_exc(limit=-4))
    finally:
        world.close()
