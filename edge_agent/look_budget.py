"""How much processor time a task may take for each sample; what it takes more, it pays for by samples it does not see."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class LookBudget:
    """Grants one task `cpu_ms` of its source's thread for each sample; without it, all the time that it takes.

    A look is never cut short: one that took three times the grant is followed by two samples that are not looked at.
    """

    def __init__(self, cpu_ms: float | None, spent_cpu_s: Callable[[], float] = time.thread_time) -> None:
        self._granted_s = None if cpu_ms is None else cpu_ms / 1000
        self._spent_cpu_s = spent_cpu_s
        self._owed_s = 0.0

    def may_look(self) -> bool:
        """Whether the task may see the next sample; each one that comes pays off what earlier looks took too much."""
        if self._granted_s is None:
            return True
        self._owed_s = max(0.0, self._owed_s - self._granted_s)
        return self._owed_s < self._granted_s

    @contextmanager
    def looking(self) -> Iterator[None]:
        """What the block takes is counted, also when it fails."""
        began_s = self._spent_cpu_s()
        try:
            yield
        finally:
            self._owed_s += self._spent_cpu_s() - began_s
