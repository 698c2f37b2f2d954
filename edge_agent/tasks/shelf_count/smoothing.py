"""One count from several looks: the median, because somebody walks past; and when it is worth telling."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low


@dataclass(frozen=True)
class Smoothed:
    """Of the looks taken: the median, the lowest and highest, and the share that agrees with the median."""

    count: int
    lowest: int
    highest: int
    agreement: float


def smoothed(counts: Sequence[int]) -> Smoothed:
    """The count of one or more looks."""
    count = median_low(counts)
    agreeing = sum(1 for each in counts if each == count)
    return Smoothed(count=count, lowest=min(counts), highest=max(counts), agreement=agreeing / len(counts))


def is_worth_telling(looks: int, wanted: int, count: int, told: int | None, since_told_s: float, interval_s: float) -> bool:
    """A first count waits for all `wanted` looks; then a change is told at once, and the same again every interval."""
    if told is None:
        return looks >= wanted
    return count != told or since_told_s >= interval_s
