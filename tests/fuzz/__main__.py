"""`scripts/fuzz`: so many hostile inputs at every decoder of both sides, in one process. Ends with 1 when one got through.

Memory is bounded, so that an input which asks for too much ends in a finding.
"""

import argparse
import resource
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import structlog

from tests.fuzz import centre, edge, language
from tests.fuzz.door import Door
from tests.fuzz.run import Report, good_ones, tried

MOST_MORE_BYTES = 512_000_000
IN_MEMORY = Path("/dev/shm")  # noqa: S108 (files are written by the hundred thousand: not to the disk where that can be helped)


def main(words: list[str]) -> int:
    """The program."""
    asked = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    asked.add_argument("--inputs", type=int, default=1_000_000, help="how many (1,000,000)")
    asked.add_argument("--seed", type=int, default=1, help="the same seed gives the same inputs (1)")
    asked.add_argument("--only", default="", help="doors whose name has this in it")
    options = asked.parse_args(words)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    begun_s = time.monotonic()
    with TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder, ExitStack() as leaving:
        doors = [door for door in every_door(Path(folder), leaving) if options.only in door.name]
        refused = good_ones(doors).findings
        _bound_memory()
        report = _tried(doors, options.inputs, Random(options.seed))
    _say(report, time.monotonic() - begun_s)
    for finding in (*refused.values(), *report.findings.values()):
        print(f"\n{finding.door}: {finding.problem}\n  {finding.where}\n  {finding.example[:300]!r}")
    return 1 if refused or report.findings else 0


def every_door(folder: Path, leaving: ExitStack) -> list[Door]:
    """Of the language and of both sides."""
    return [*language.doors(), *centre.doors(folder, leaving), *edge.doors(folder, leaving)]


def _tried(doors: list[Door], inputs: int, random: Random) -> Report:
    """All of them, told in ten steps: it takes minutes."""
    report = Report()
    for step in range(10):
        tried(doors, inputs * (step + 1) // 10 - inputs * step // 10, random, report)
        print(f"{report.tried.total()} inputs, {len(report.findings)} findings", file=sys.stderr, flush=True)
    return report


def _bound_memory() -> None:
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + MOST_MORE_BYTES, resource.RLIM_INFINITY))


def _say(report: Report, took_s: float) -> None:
    for name, count in sorted(report.tried.items()):
        print(f"{name:32} {count:8} tried {report.taken[name]:8} taken {1000 * report.slowest_s[name]:8.1f} ms at most")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\n{report.tried.total()} inputs at {len(report.tried)} doors in {took_s:.0f} s, {grown} MB at most")
    print(f"{len(report.findings)} findings")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
