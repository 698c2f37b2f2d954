"""Heavy planners, each decision in a process that can be ended: light ones never wait for them, a hang or a crash costs one.

The process stays for the next question; one that takes more time or memory than its card allows, or that dies, is replaced.
"""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event

import msgspec
from pydantic import BaseModel

from central.background import runner
from central.deciding import outcome_json
from central.deciding.capability import Budget, Capability
from central.deciding.outcome import Inputs, Outcome
from central.deciding.thinking import Interrupted
from central.deciding.worker import Answer, Question
from central.parts import Parts

LOOK_S = 0.05
NICENESS = 5
MIB = 1 << 20


class PlannerFailed(Exception):
    """A planner took too long or too much memory, died, or could not be understood: the last good decision stands."""


class Planner:
    """The `Decider` of heavy capabilities. `stop` ends the process at once; `close` lets it go."""

    def __init__(self, stop: Event, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._stop = stop
        self._clock_s = clock_s
        self._child: subprocess.Popen[bytes] | None = None

    def decide(self, card: Capability, way: str, inputs: Inputs, params: BaseModel) -> Outcome:
        """As the card decides, but elsewhere. Raises PlannerFailed, Interrupted."""
        question = Question(card.module, way, *(msgspec.Raw(each.model_dump_json().encode()) for each in (inputs, params)))
        line = self._asked(msgspec.json.encode(question) + b"\n", card.heavy or Budget())
        try:
            answer = msgspec.json.decode(line, type=Answer)
            if answer.error is None:
                return outcome_json.read(card, bytes(answer.outcome))
        except (msgspec.MsgspecError, ValueError) as error:
            raise PlannerFailed(f"its process said what is no outcome: {error}") from error
        raise PlannerFailed(answer.error)

    def close(self) -> None:
        """End the process."""
        child, self._child = self._child, None
        if child is None:
            return
        if child.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def _asked(self, question: bytes, budget: Budget) -> bytes:
        try:
            child = self._child = self._child or _started()
            return self._exchanged(child, question, budget)
        except BaseException:
            self.close()
            raise

    def _exchanged(self, child: "subprocess.Popen[bytes]", question: bytes, budget: Budget) -> bytes:
        """Question in, answer out, both without waiting for longer than a look; what was said when it is whole."""
        if child.stdin is None or child.stdout is None:
            raise PlannerFailed("its process has no pipes")
        ends_s, told, left = self._clock_s() + budget.time_s, bytearray(), memoryview(question)
        with selectors.DefaultSelector() as ready:
            ready.register(child.stdin, selectors.EVENT_WRITE)
            ready.register(child.stdout, selectors.EVENT_READ)
            while not told.endswith(b"\n"):
                self._require_within(child, budget, ends_s)
                for key, _ in ready.select(LOOK_S):
                    if key.fileobj is child.stdout:
                        told += _heard(child.stdout.fileno(), child)
                        continue
                    left = left[_written(child.stdin.fileno(), left, child) :]
                    if not left:
                        ready.unregister(child.stdin)
        return bytes(told)

    def _require_within(self, child: "subprocess.Popen[bytes]", budget: Budget, ends_s: float) -> None:
        if self._stop.is_set():
            raise Interrupted
        if self._clock_s() >= ends_s:
            raise PlannerFailed(f"took longer than {budget.time_s:g} s and was ended")
        if memory_bytes(child.pid) > budget.memory_mb * MIB:
            raise PlannerFailed(f"took more than {budget.memory_mb} MB of memory and was ended")


class PlanningDesk:
    """Decides what is due of the heavy capabilities, one subject after the other."""

    def __init__(self, parts: Parts, planner: Planner) -> None:
        self._parts = parts
        self._planner = planner

    def look(self) -> int:
        """One round; how many were decided or put off."""
        heavy = heavy_names(self._parts)
        return runner.drain(self._parts, self._planner.decide, only=heavy) if heavy else 0


def heavy_names(parts: Parts) -> frozenset[str]:
    """The capabilities that are decided in a process of their own."""
    return frozenset(card.name for card in parts.capabilities if card.heavy is not None)


def memory_bytes(process: int) -> int:
    """What a process holds in memory; 0 where the system does not say."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _started() -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "central.deciding.worker"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, bufsize=0)
    if child.stdin is not None:
        os.set_blocking(child.stdin.fileno(), False)
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, child.pid, NICENESS)
    return child


def _heard(pipe: int, child: "subprocess.Popen[bytes]") -> bytes:
    said = os.read(pipe, MIB)
    if not said:
        raise PlannerFailed(f"its process died ({child.wait()})")
    return said


def _written(pipe: int, text: memoryview, child: "subprocess.Popen[bytes]") -> int:
    try:
        return os.write(pipe, text)
    except BrokenPipeError as error:
        raise PlannerFailed(f"its process died ({child.wait()})") from error
