"""What does a reading cost the edge watcher, beside river's HalfSpaceTrees (25 trees, height 8) in the same minute?

Eight channels, learned, every detector on (level, joint, residual, drift, budgeted limits, following). Row by row and in
blocks of 64 through the same watch; the whole task (sensors' quality, operating state, evidence, summaries) stands beside.
Rounds alternate between the contenders, and the CPU seconds of each one's fastest round count: other work disturbs less.
State is the snapshot of one asset as it goes to the disk, window, evidence and all. Memory is that of a process that only
watches, without river.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.anomaly_detector import SETTINGS, Numbers
from benchmarks.report import Options, Result, run
from edge_agent.sample import Reading
from edge_agent.task import Context
from edge_agent.tasks.equipment_anomaly.card import CARD
from edge_agent.tasks.equipment_anomaly.channels import known
from edge_agent.tasks.equipment_anomaly.limits import ChannelLimits
from edge_agent.tasks.equipment_anomaly.watch import Watch
from edge_agent.tasks.equipment_anomaly.watch_state import Tuning, begin

CHANNELS, BLOCK, LEARN_ROWS = 8, 64, 6_400
ROUNDS, QUICK_ROUNDS = 9, 2
ROWS, QUICK_ROWS = 3_200, 640
STARTED_AT = datetime(2026, 11, 24, tzinfo=UTC)
NAMES = [f"channel_{place}" for place in range(CHANNELS)]


def measure(options: Options) -> Result:
    """Rows a CPU second of each contender, the best of some rounds."""
    rounds, rows = (QUICK_ROUNDS, QUICK_ROWS) if options.quick else (ROUNDS, ROWS)
    table = readings(LEARN_ROWS + rounds * rows)
    contenders = [trees(table), singles(table), blocks(table), whole_task(table)]
    best = [float("inf")] * len(contenders)
    for number in range(rounds):
        part = table[LEARN_ROWS + number * rows : LEARN_ROWS + (number + 1) * rows]
        for place, contender in enumerate(contenders):
            best[place] = min(best[place], _cpu_s(contender, part) / rows)
    hst, row, block, whole = (1 / each for each in best)
    state, rss = snapshot_bytes(table), memory_mib()
    return Result(
        figures={
            "row_by_row_over_hst": round(row / hst, 2),
            "blocks_of_64_over_hst": round(block / hst, 1),
            "block_over_row": round(block / row, 1),
            "state_kib_per_asset": round(state / 1024, 2),
            "rss_mib": round(rss, 1),
        },
        peers={"hst_rows_per_s": round(hst), "whole_task_over_hst": round(whole / hst, 2)},
        rows=[
            ["8 channels, learned", "rows a CPU second", "over HalfSpaceTrees"],
            ["river HalfSpaceTrees 25x8, score and learn", f"{hst:,.0f}", "1.0"],
            ["row by row, all detectors", f"{row:,.0f}", f"{row / hst:.1f}"],
            ["blocks of 64, all detectors", f"{block:,.0f}", f"{block / hst:.1f}"],
            ["the whole task, a reading at a time", f"{whole:,.0f}", f"{whole / hst:.1f}"],
            ["state of an asset on disk", f"{state / 1024:.1f} KiB", ""],
            ["memory of a process that watches", f"{rss:.0f} MiB", ""],
        ],
        data=f"{len(table):,} rows of drifting noise, seed 1",
        notes=[f"best of {rounds} rounds of {rows} rows each, contenders in turn"],
    )


def readings(rows: int) -> Numbers:
    """(rows, 8) noise around levels that wander slowly together."""
    rng = np.random.default_rng(1)
    common = np.cumsum(rng.normal(0, 0.002, (rows, 1)), axis=0)
    return 10.0 + common + rng.normal(0, 1, (rows, CHANNELS))


def trees(table: Numbers) -> Callable[[Numbers], None]:
    """The peer, fed as its users feed it: dictionaries of values scaled to 0 to 1."""
    from river.anomaly import HalfSpaceTrees  # noqa: PLC0415  (the memory of the watcher alone is measured, too)

    low, high = table[:LEARN_ROWS].min(axis=0), table[:LEARN_ROWS].max(axis=0)
    model = HalfSpaceTrees(n_trees=25, height=8, window_size=250, seed=1)

    def score(rows: Numbers) -> None:
        for row in ((rows - low) / (high - low)).tolist():
            values = dict(zip(NAMES, row, strict=True))
            model.score_one(values)  # type: ignore[no-untyped-call]
            model.learn_one(values)  # type: ignore[no-untyped-call]

    score(table[: LEARN_ROWS // 10])
    return score


def singles(table: Numbers) -> Callable[[Numbers], None]:
    """The watch, one row at a time."""
    watch = learned(table)

    def score(rows: Numbers) -> None:
        for row in rows:
            watch.row(row, None, 1.0)

    return score


def blocks(table: Numbers) -> Callable[[Numbers], None]:
    """The watch, 64 rows at a time."""
    watch = learned(table)

    def score(rows: Numbers) -> None:
        for start in range(0, len(rows), BLOCK):
            watch.rows(rows[start : start + BLOCK], 1.0)

    return score


def whole_task(table: Numbers) -> Callable[[Numbers], None]:
    """The task of the agent, a reading at a time; readings are made before the clock runs."""
    task = CARD.build(SETTINGS, Context("bench", Path()))
    said = 0

    def observe(rows: Numbers) -> None:
        nonlocal said
        for row in rows.tolist():
            said += 1
            at = STARTED_AT + timedelta(seconds=said)
            task.observe(Reading("bench", at, said * 1000, "ntp", "asset", dict(zip(NAMES, row, strict=True))))

    observe(table[:LEARN_ROWS])
    return observe


def learned(table: Numbers) -> Watch:
    """A watch that knows its normal and has limits from a tail."""
    tuning = Tuning(SETTINGS.learn_s, SETTINGS.alarms_per_month)
    facts = known(NAMES, dict.fromkeys(NAMES, ChannelLimits()))
    watch = Watch(begin(table[0], tuning, 1.0), facts, tuning)
    watch.rows(table[:LEARN_ROWS], 1.0)
    return watch


def snapshot_bytes(table: Numbers) -> int:
    """The saved state of a task that watches one asset."""
    task = CARD.build(SETTINGS, Context("bench", Path()))
    for said, row in enumerate(table[:LEARN_ROWS].tolist()):
        at = STARTED_AT + timedelta(seconds=said)
        task.observe(Reading("bench", at, said * 1000, "ntp", "asset", dict(zip(NAMES, row, strict=True))))
    return len(task.snapshot())


def memory_mib() -> float:
    """Peak resident memory of a process of its own that watches one asset for some minutes."""
    watching = (
        "from benchmarks.anomaly_speed import readings, snapshot_bytes, LEARN_ROWS; snapshot_bytes(readings(LEARN_ROWS))"
    )
    told = "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
    command = [sys.executable, "-c", f"{watching}; {told}"]
    done = subprocess.run(command, capture_output=True, check=True, text=True, cwd=Path(__file__).parents[1], timeout=120)
    return int(done.stdout) / 1024


def _cpu_s(contender: Callable[[Numbers], None], rows: Numbers) -> float:
    before = time.process_time()
    contender(rows)
    return time.process_time() - before


if __name__ == "__main__":
    run("anomaly_speed", "what does a reading cost the edge watcher?", measure)
