"""Child programs: started with a log of their own, watched, restarted with growing patience, stopped in order.

Each gets a session of its own, so that Ctrl-C in a terminal reaches only us and the order of stopping is ours; and the
kernel ends it when we are killed ourselves (PR_SET_PDEATHSIG), so that no orphan is left.
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from central.errors import ChildFailed

PR_SET_PDEATHSIG = 1
FIRST_PATIENCE_S = 1.0
LAST_PATIENCE_S = 30.0
STEADY_AFTER_S = 60.0  # a child that lived so long has earned its first patience back
STOP_TIMEOUT_S = 10.0
READY_TIMEOUT_S = 60.0
LOOK_EVERY_S = 0.1
LOG_TAIL_LINES = 6

_kernel = ctypes.CDLL(None)


@dataclass(frozen=True)
class Program:
    """What to run; `is_ready` says when others may rely on it."""

    name: str
    command: Sequence[str | Path]
    is_ready: Callable[[], bool] = field(default=lambda: True)


@dataclass
class _Child:
    program: Program
    process: "subprocess.Popen[bytes]"
    started_s: float
    patience_s: float = FIRST_PATIENCE_S
    due_s: float | None = None  # when to start it again, if it is dead


class Children:
    """The programs of one house. `say` gets one line for each thing that a person should know."""

    def __init__(self, logs: Path, say: Callable[[str], None], is_stopping: Callable[[], bool] = lambda: False) -> None:
        self._logs = logs
        self._say = say
        self._is_stopping = is_stopping
        self._children: dict[str, _Child] = {}

    def start(self, *programs: Program) -> None:
        """Start these and wait until all are ready. Raises ChildFailed with the last lines of the log."""
        for program in programs:
            self._children[program.name] = _Child(program, self._run(program), time.monotonic())
        for program in programs:
            self._wait_until_ready(program)

    def tend(self) -> None:
        """Start again whatever has died, each after its own patience."""
        for child in self._children.values():
            if child.due_s is None and child.process.poll() is not None:
                self._plan_restart(child)
            elif child.due_s is not None and time.monotonic() >= child.due_s:
                child.process, child.started_s, child.due_s = self._run(child.program), time.monotonic(), None

    def stop(self, *names: str) -> None:
        """End these programs, all at once; one that does not go within 10 s is killed, and it is said."""
        leaving = [self._children.pop(name) for name in names if name in self._children]
        for child in leaving:
            _signal_all(child.process, signal.SIGTERM)
        deadline_s = time.monotonic() + STOP_TIMEOUT_S
        for child in leaving:
            try:
                child.process.wait(max(0.0, deadline_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._say(f"{child.program.name} did not stop within {STOP_TIMEOUT_S:.0f} s and was killed")
            _signal_all(child.process, signal.SIGKILL)
            child.process.wait()

    def stop_all(self) -> None:
        """End every program, the last started first."""
        for name in reversed(list(self._children)):
            self.stop(name)

    def log_file(self, name: str) -> Path:
        """Where a program's output goes."""
        return self._logs / f"{name}.log"

    def _run(self, program: Program) -> "subprocess.Popen[bytes]":
        with self.log_file(program.name).open("ab") as log:
            return subprocess.Popen(
                [str(part) for part in program.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 (the only thread of this program)
            )

    def _wait_until_ready(self, program: Program) -> None:
        deadline_s = time.monotonic() + READY_TIMEOUT_S
        while not program.is_ready() and not self._is_stopping():
            ended = self._children[program.name].process.poll()
            if ended is not None or time.monotonic() > deadline_s:
                why = f"is not ready after {READY_TIMEOUT_S:.0f} s" if ended is None else f"ended with code {ended}"
                raise ChildFailed(
                    f"{program.name} {why}; its log {self.log_file(program.name)} ends:\n{self._tail(program)}"
                )
            time.sleep(LOOK_EVERY_S)

    def _plan_restart(self, child: _Child) -> None:
        lived_s = time.monotonic() - child.started_s
        patience_s = FIRST_PATIENCE_S if lived_s > STEADY_AFTER_S else child.patience_s
        child.due_s = time.monotonic() + patience_s
        child.patience_s = min(2 * patience_s, LAST_PATIENCE_S)
        name, code = child.program.name, child.process.returncode
        self._say(f"{name} ended with code {code}; again in {patience_s:.0f} s; see {self.log_file(name)}")

    def _tail(self, program: Program) -> str:
        lines = self.log_file(program.name).read_text(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-LOG_TAIL_LINES:])


def _end_with_parent() -> None:
    _kernel.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal_all(process: "subprocess.Popen[bytes]", number: int) -> None:
    """Signal a child and whatever it started itself."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
