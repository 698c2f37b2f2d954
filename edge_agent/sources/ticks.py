"""When a source that is asked gives its next reading: every `interval_s`, and never faster after a delay."""

import time
from threading import Event


class Ticks:
    """One for each source; `stop` wakes up whoever waits."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._due_s = time.monotonic()
        self._stopped = Event()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the next turn; False when it did not come in time."""
        wait_s = self._due_s - time.monotonic()
        if wait_s > timeout_s:
            self._stopped.wait(timeout_s)
            return False
        self._stopped.wait(max(0.0, wait_s))
        self._due_s = max(self._due_s + self._interval_s, time.monotonic())
        return True

    def stop(self) -> None:
        """No turn is waited for any more."""
        self._stopped.set()
