"""What the service manager hears, on a real datagram socket."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.service import service


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """Hears what a service tells."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(2)
        yield listening


def heard(manager: socket.socket) -> list[str]:
    """Everything that waits."""
    manager.setblocking(False)
    words = []
    while True:
        try:
            words.append(manager.recv(300).decode())
        except BlockingIOError:
            return words


def test_the_watchdog_is_fed_three_times_in_its_interval_and_status_is_told_when_it_changes(manager: socket.socket) -> None:
    """Whoever loops faster says no more."""
    now_s = 0.0
    told = service({"NOTIFY_SOCKET": str(manager.getsockname()), "WATCHDOG_USEC": "30000000"})
    told.monotonic_s = lambda: now_s
    told.ready()
    for now_s in (0.0, 1.0, 9.9, 10.1, 15.0, 20.2):  # noqa: B007  the lambda reads it
        told.alive("4 sources,\n0 events wait")
    told.stopping()
    fed = ["WATCHDOG=1", "STATUS=4 sources, 0 events wait", "WATCHDOG=1", "WATCHDOG=1"]
    assert heard(manager) == ["READY=1", *fed, "STOPPING=1"]


def test_an_abstract_socket_is_found() -> None:
    """As systemd may name it: @ for the zero byte."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0tallyhouse-test-notify")
        listening.settimeout(2)
        service({"NOTIFY_SOCKET": "@tallyhouse-test-notify"}).ready()
        assert listening.recv(100) == b"READY=1"


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "/nowhere/notify"}, {"WATCHDOG_USEC": "soon"}])
def test_without_a_manager_nothing_is_said_and_nothing_fails(environment: dict[str, str]) -> None:
    """An agent that a person started by hand."""
    told = service(environment)
    told.ready()
    told.alive("fine")
    told.stopping()
