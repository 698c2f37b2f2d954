"""Tries doors with spoilt bytes and writes down every answer that is no refusal, and what took too long."""

import signal
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from types import FrameType

from tests.fuzz.door import Door
from tests.fuzz.mutate import spoilt

MOST_CPU_S = 1.0  # of one input; the slowest good one takes some milliseconds
HANGS_AFTER_S = 20.0
KEPT_BYTES = 2_000


class Hangs(BaseException):
    """An input that keeps a decoder busy: no decoder catches this."""


@dataclass(frozen=True)
class Finding:
    """One way in which a door does not hold. where: the innermost lines; example: the beginning of the input."""

    door: str
    problem: str
    where: str
    example: bytes


@dataclass
class Report:
    """What came out: inputs a door, those taken as good, the slowest (CPU seconds), findings by place."""

    tried: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    slowest_s: dict[str, float] = field(default_factory=dict)
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)


def tried(doors: Sequence[Door], inputs: int, random: Random, before: Report | None = None) -> Report:
    """So many inputs, each at a door by the doors' shares; added to what was tried `before`."""
    report = before or Report()
    shares = [door.share for door in doors]
    with _watched():
        for door in random.choices(doors, shares, k=inputs):
            _try(door, spoilt(door.good, random), report)
    return report


def good_ones(doors: Sequence[Door]) -> Report:
    """The good inputs themselves: each must be taken, or all that follows says little."""
    report = Report()
    with _watched():
        for door in doors:
            for content in door.good:
                _try(door, content, report)
    return report


def _try(door: Door, content: bytes, report: Report) -> None:
    report.tried[door.name] += 1
    signal.setitimer(signal.ITIMER_VIRTUAL, HANGS_AFTER_S)
    begun_s = time.thread_time()
    try:
        door.enter(content)
        report.taken[door.name] += 1
    except door.refusals:
        pass
    except (Exception, Hangs) as error:
        _find(report, door, f"{type(error).__name__}: {str(error)[:200]}", _where(error), content)
    took_s = time.thread_time() - begun_s
    if took_s > report.slowest_s.get(door.name, 0.0):
        report.slowest_s[door.name] = took_s
    if took_s > MOST_CPU_S:
        _find(report, door, f"took {took_s:.1f} s", "slow", content)


def _find(report: Report, door: Door, problem: str, where: str, content: bytes) -> None:
    report.findings.setdefault((door.name, where), Finding(door.name, problem, where, content[:KEPT_BYTES]))


def _where(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/tests/fuzz/" not in frame.filename]
    return f"{type(error).__name__} at " + " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames[-3:]))


@contextmanager
def _watched() -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise Hangs

    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # numpy's, of numbers that a torn state holds
            yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
