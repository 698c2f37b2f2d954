"""What the shared checks need: a watch over files and sockets."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

FORBIDDEN = ("open", "socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen")


class _Watch:
    """Python's audit hooks cannot be taken away again, so this one is switched on and off."""

    def __init__(self) -> None:
        self.is_on = False
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.is_on and event in FORBIDDEN and not _is_loading():
            self.is_on = False  # so that reporting the failure may open files again
            raise AssertionError(f"{event} {arguments!r} where only thinking is allowed")


def _is_loading() -> bool:
    """Whether a library is being loaded, as a solver is at its first use: that is no look at the world."""
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
    return False


@pytest.fixture(scope="session")
def _watch() -> _Watch:
    return _Watch()


@pytest.fixture
def no_io(_watch: _Watch) -> Callable[[], AbstractContextManager[None]]:
    """A context in which files, sockets and processes are out of reach."""

    @contextmanager
    def without() -> Iterator[None]:
        _watch.is_on = True
        try:
            yield
        finally:
            _watch.is_on = False

    return without
