"""Processes that start in a moment: a program that has imported everything forks a life on demand, and each can be killed.

`python -m tests.model.nursery MODULE` reads lives of `MODULE.Life` as JSON lines and answers each with a process id. When
its input ends, all of them end.
"""

import ctypes
import os
import signal
import subprocess
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Protocol, Self

import msgspec

from tests.parts.ports import eventually

ROOT = Path(__file__).parents[2]
PR_SET_PDEATHSIG = 1


class Living(Protocol):
    """What runs in a process of its own."""

    def live(self) -> None:
        """Until killed."""


class Nursery:
    """A running nursery for the lives of one module; what they print goes to `log`."""

    def __init__(self, module: str, log: Path) -> None:
        self._module, self._log = module, log
        self._pids: set[int] = set()

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.model.nursery", self._module]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in self._pipes():
            pipe.close()
        self._process.wait(60)

    def born(self, life: Living) -> int:
        """Start a life; its process id."""
        into, out = self._pipes()
        into.write(msgspec.json.encode(life) + b"\n")
        into.flush()
        return int(out.readline())

    def kill(self, pid: int) -> None:
        """kill -9, and wait until nothing is left of it."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not Path(f"/proc/{pid}").exists(), what=f"the end of process {pid}")

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout


def main() -> None:
    """Fork until the input ends."""
    module = import_module(sys.argv[1])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    decoder = msgspec.json.Decoder(module.Life)
    for line in sys.stdin.buffer:
        life: Living = decoder.decode(line)
        pid = os.fork()
        if pid == 0:
            _live(life)
        os.write(1, b"%d\n" % pid)


def _live(life: Living) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(2, 1)
    try:
        life.live()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
