"""What is lost when any part is killed, filled, delayed, shuffled, repeated, set back in time or restored, at any moment?

Simulated schedules put the product's own outbox, sender and landing, on real SQLite files, through simulated networks,
clocks and deaths at any statement; real ones kill mosquitto, `tallyhouse ingest` and an edge with -9 while events come. The
oracle is the set of events that were committed. Peers, through the same scripts of kills: a plain paho publisher with its
queue in memory, and a durable subscriber of a mosquitto with its own persistence, where what the broker acknowledged counts.
"""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import chaos_scripts
from benchmarks.report import Options, Result, run
from tests.model import real
from tests.model.centre import migrated
from tests.model.nursery import Nursery
from tests.model.oracle import Verdict
from tests.model.outages import Script, script
from tests.model.play import Outcome, in_memory, played
from tests.model.schedule import drawn

EVENTS_A_SCRIPT = 300
AT_ONCE = 3
HEADINGS = (
    "",
    "schedules",
    "events",
    "lost",
    "applied twice",
    "out of order",
    "lost undeclared",
    "declared, disk full",
    "overtook",
)


@dataclass(frozen=True)
class Plan:
    """How many of each; `first` is the first seed, another than the tests' in a full run."""

    first: int
    simulated: int
    real: int
    peers: int


FULL, QUICK = Plan(1000, 950, 60, 20), Plan(1000, 20, 2, 1)


@dataclass(frozen=True)
class Row:
    """A kind of schedules and their verdicts, by seed."""

    name: str
    verdicts: dict[int, Verdict]

    @property
    def total(self) -> Verdict:
        """All together."""
        return sum(self.verdicts.values(), Verdict())

    @property
    def failed(self) -> dict[int, Verdict]:
        """Those that are not as they should be."""
        return {seed: verdict for seed, verdict in self.verdicts.items() if verdict.faults}

    @property
    def stuck(self) -> int:
        """Schedules that crashed or never came to rest: each counts as an event lost."""
        return sum(verdict.problem is not None for verdict in self.verdicts.values())

    def as_text(self) -> list[str]:
        """A line of the table."""
        total = self.total
        numbers = (len(self.verdicts), total.events, total.lost + self.stuck, total.applied_twice, total.out_of_order)
        return [self.name, *map(str, (*numbers, total.undeclared, total.declared, total.overtook))]


def measure(options: Options) -> Result:
    """Simulated schedules on all processors, meanwhile the real ones and then the peers, which mostly wait."""
    plan = QUICK if options.quick else FULL
    scripts = [script(seed, EVENTS_A_SCRIPT) for seed in range(plan.first, plan.first + plan.real)]
    seeds = range(plan.first, plan.first + plan.simulated)
    with TemporaryDirectory(prefix="chaos-") as folder, _processes() as pool:
        simulating = pool.map(_played, seeds, chunksize=10)
        killed = _scripted(scripts, Path(folder) / "real", "tests.model.lives", real.suffered)
        queue, kept = (
            _scripted(scripts[: plan.peers], Path(folder) / f"peer-{keeps}", "benchmarks.chaos_peers", _peer(keeps))
            for keeps in (False, True)
        )
        simulated = {outcome.schedule.seed: outcome.verdict for outcome in simulating}
    ours = [Row("simulated", simulated), Row("real programs, kill -9", killed)]
    peers = [Row("peer: paho's queue in memory", queue), Row("peer: mosquitto's persistence", kept)]
    return Result(
        figures=_figures(ours),
        peers=_told("paho_queue", peers[0]) | _told("mosquitto_persistence", peers[1]),
        rows=[HEADINGS, *(row.as_text() for row in [*ours, *peers])],
        data=f"seeds from {plan.first}; the peers went through the first {plan.peers} scripts of the real programs",
        notes=[f"{row.name}, seed {seed}: {verdict}" for row in ours for seed, verdict in row.failed.items()],
    )


def _figures(ours: Sequence[Row]) -> dict[str, int]:
    total = sum((row.total for row in ours), Verdict())
    return {
        "schedules": sum(len(row.verdicts) for row in ours),
        "events": total.events,
        "lost": total.lost + total.changed + sum(row.stuck for row in ours),
        "applied_twice": total.applied_twice,
        "out_of_order_in_lane": total.out_of_order,
        "real_kill_schedules": len(ours[1].verdicts),
        "undeclared_loss": total.undeclared,
    }


def _told(name: str, row: Row) -> dict[str, int]:
    total = row.total
    return {f"{name}_events": total.events, f"{name}_lost": total.lost, f"{name}_applied_twice": total.applied_twice}


def _processes() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"))


def _played(seed: int) -> Outcome:
    with TemporaryDirectory(prefix="chaos-") as folder:
        return played(drawn(seed), in_memory(Path(folder)))


def _peer(keeps: bool) -> Callable[[Script, Path, Nursery], Verdict]:
    return lambda script, folder, nursery: chaos_scripts.suffered(script, folder, nursery, keeps)


def _scripted(
    scripts: Sequence[Script], folder: Path, module: str, suffered: Callable[[Script, Path, Nursery], Verdict]
) -> dict[int, Verdict]:
    """A few at a time: most of it is waiting for programs to find each other again."""
    folder.mkdir()
    migrated()  # once, before several threads ask for it
    workers = min(AT_ONCE, len(scripts) // 2 + 1)

    def some(worker: int) -> dict[int, Verdict]:
        verdicts = {}
        with Nursery(module, folder / f"log-{worker}") as nursery:
            for script in scripts[worker::workers]:
                own = folder / str(script.seed)
                own.mkdir()
                verdicts[script.seed] = suffered(script, own, nursery)
        return verdicts

    with ThreadPoolExecutor(workers) as pool:
        return dict(sorted(pair for verdicts in pool.map(some, range(workers)) for pair in verdicts.items()))


if __name__ == "__main__":
    run("chaos", "what is lost, whatever breaks?", measure)
