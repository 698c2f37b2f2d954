"""Guessing passwords is slow: every wrong one of a name, or from an address, makes the next wait longer.

Kept in the process: a restart forgets it. Whoever is kept waiting by somebody else's guesses comes in by a link.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

FREE_OF_NAME = 5
FREE_OF_ADDRESS = 20  # a whole shift may stand behind one address
LONGEST_WAIT = timedelta(seconds=30)
FORGOTTEN_AFTER = timedelta(minutes=15)
MOST_KEPT = 10_000
MOST_SIGNS = 64  # of a name: a longer one is nobody's


@dataclass(frozen=True)
class Key:
    """What tries are counted by, and how many of them are `free` of waiting."""

    kind: str
    value: str
    free: int


@dataclass(frozen=True)
class _Tries:
    count: int
    last: datetime


def keys_of(name: str, address: str | None) -> tuple[Key, Key]:
    """By whom a password is tried."""
    return Key("name", name[:MOST_SIGNS], FREE_OF_NAME), Key("address", address or "", FREE_OF_ADDRESS)


class Attempts:
    """The tries of the last quarter of an hour; safe to use from several threads."""

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._tries: OrderedDict[Key, _Tries] = OrderedDict()
        self._lock = Lock()

    def begin(self, keys: Sequence[Key], now: datetime) -> timedelta:
        """How long to wait; zero: try. A try counts before its password is checked, so that a hundred at once do too."""
        with self._lock:
            wait = max(self._wait(key, now) for key in keys)
            if not wait:
                for key in keys:
                    self._keep(key, _Tries(self._count(key, now) + 1, now))
            return wait

    def was_right(self, keys: Sequence[Key], now: datetime) -> None:
        """The try that began was no guess: it does not count. Earlier wrong ones still do."""
        with self._lock:
            for key in keys:
                if count := self._count(key, now):
                    self._keep(key, _Tries(count - 1, now))

    def _wait(self, key: Key, now: datetime) -> timedelta:
        over = self._count(key, now) - key.free
        if over < 0:
            return timedelta()
        ready_at = self._tries[key].last + min(LONGEST_WAIT, timedelta(seconds=2 ** min(over, 10)))
        return max(timedelta(), ready_at - now)

    def _count(self, key: Key, now: datetime) -> int:
        tries = self._tries.get(key)
        return 0 if tries is None or now - tries.last > FORGOTTEN_AFTER else tries.count

    def _keep(self, key: Key, tries: _Tries) -> None:
        self._tries[key] = tries
        self._tries.move_to_end(key)
        if len(self._tries) > self._most_kept:
            self._tries.popitem(last=False)
