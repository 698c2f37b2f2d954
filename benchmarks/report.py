"""What every benchmark has in common: its options, its table, and the one JSON line at the end."""

import argparse
import json
import os
import platform
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

Figure = float | int | str | None


@dataclass(frozen=True)
class Options:
    """`quick`: at most a minute, to see that the benchmark works; `data`, `seed`: None for the usual ones.

    origins: of a forecast, how many windows, the last first.
    """

    data: Path | None
    quick: bool
    json: bool
    seed: int | None = None
    origins: int = 1


@dataclass(frozen=True)
class Result:
    """`figures` are held against goals; `peers` stand beside them; `rows` are what a person reads, first the headings."""

    figures: Mapping[str, Figure]
    peers: Mapping[str, Figure]
    rows: Sequence[Sequence[str]]
    data: str = "made by the benchmark"
    notes: Sequence[str] = field(default_factory=tuple)


def run(name: str, question: str, measure: Callable[[Options], Result]) -> None:
    """Read the options, measure, print the table and, with --json, the result as the last line."""
    options = asked(question)
    began_s, before = time.monotonic(), _cpu_s()
    result = measure(options)
    seconds, cpu_s = time.monotonic() - began_s, _cpu_s() - before
    _print(name, question, result, seconds, cpu_s)
    if options.json:
        whole = {"benchmark": name, "quick": options.quick, "figures": result.figures, "peers": result.peers}
        print(json.dumps(whole | {"data": result.data, "seconds": round(seconds, 1)}))


def asked(question: str) -> Options:
    """The options on the command line."""
    parser = argparse.ArgumentParser(description=question)
    parser.add_argument("--data", type=Path, help="folder with sensors/, vision/, … (default: see benchmarks/README.md)")
    parser.add_argument("--quick", action="store_true", help="at most a minute; says that it works, measures little")
    parser.add_argument("--json", action="store_true", help="print the result as JSON in the last line")
    parser.add_argument("--seed", type=int, help="another seed, for a benchmark that makes its data (default: its own)")
    parser.add_argument(
        "--origins", type=int, default=1, help="windows to forecast, the last first (default: the last alone)"
    )
    found = parser.parse_args()
    return Options(found.data, found.quick, found.json, found.seed, found.origins)


def _print(name: str, question: str, result: Result, seconds: float, cpu_s: float) -> None:
    headings, *rows = result.rows
    table = Table(title=f"{name}: {question}", title_justify="left")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    console = Console(width=None if os.isatty(1) else 120)
    console.print(table)
    for note in result.notes:
        console.print(f"  {note}")
    load = " ".join(f"{each:.2f}" for each in os.getloadavg())
    console.print(f"  data: {result.data} · {platform.machine()}, {os.cpu_count()} cores, load {load}")
    console.print(f"  {seconds:.1f} s, {cpu_s:.1f} CPU s of this process and its children")


def _cpu_s() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
