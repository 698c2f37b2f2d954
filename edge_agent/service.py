"""What a supervisor of services is told (sd_notify(3)): ready, alive, how it goes, stopping.

Without systemd there is no socket to tell, and nothing is said. The watchdog is fed by the loop that watches the threads, so
a stuck agent is started again.
"""

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

NOTIFY_SOCKET, WATCHDOG_USEC = "NOTIFY_SOCKET", "WATCHDOG_USEC"
FEEDS_A_WATCHDOG = 3  # one lost word must not cost a restart
LONGEST_STATUS = 200


@dataclass
class Service:
    """Tells the service manager. `watchdog_s`: so often at least it wants to hear, None when it does not watch."""

    address: str | None = None
    watchdog_s: float | None = None
    monotonic_s: Callable[[], float] = time.monotonic
    _fed_s: float = field(default=float("-inf"), init=False)
    _status: str = field(default="", init=False)

    def ready(self) -> None:
        """Everything runs."""
        self._tell("READY=1")

    def alive(self, status: str) -> None:
        """The threads are well; `status` is one line for `systemctl status`, told when it is another than before."""
        now_s = self.monotonic_s()
        if self.watchdog_s is not None and now_s - self._fed_s >= self.watchdog_s / FEEDS_A_WATCHDOG:
            self._fed_s = now_s
            self._tell("WATCHDOG=1")
        line = " ".join(status.split())[:LONGEST_STATUS]
        if line != self._status:
            self._status = line
            self._tell(f"STATUS={line}")

    def stopping(self) -> None:
        """The agent was asked to stop."""
        self._tell("STOPPING=1")

    def _tell(self, words: str) -> None:
        if self.address is None:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as wire:
            try:
                wire.connect(_socket_name(self.address))
                wire.send(words.encode())
            except OSError:  # whoever listened is gone: no reason to stop observing
                self.address = None


def service(environment: Mapping[str, str]) -> Service:
    """The service manager that started this process, as its environment tells."""
    usec = environment.get(WATCHDOG_USEC, "")
    return Service(environment.get(NOTIFY_SOCKET) or None, int(usec) / 1e6 if usec.isdigit() and int(usec) else None)


def _socket_name(address: str) -> str:
    """A leading @ stands for the zero byte of the abstract name space."""
    return "\0" + address[1:] if address.startswith("@") else address
