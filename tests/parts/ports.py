"""Free ports and waiting for conditions: what tests do instead of sleeping."""

import socket
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether something on loopback takes connections at `port`."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
    except OSError:
        return False
    return True


def eventually(
    look: Callable[[], Found], within_s: float = 10.0, what: str = "the condition", look_every_s: float = 0.02
) -> Found:
    """The first truthy answer of `look`. Raises AssertionError after `within_s`, naming the last answer."""
    deadline = time.monotonic() + within_s
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {within_s} s; last answer: {found!r}")
        time.sleep(look_every_s)
    return found
