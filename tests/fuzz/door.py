"""A decoder as the fuzzer knows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Door:
    """good: inputs that it takes; enter: gives it bytes; refusals: the only errors that it may answer with.

    share: how often it is tried; those that are slow (a database, a file) have a small one.
    """

    name: str
    good: Sequence[bytes]
    enter: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...] = ()
    share: float = 1.0
