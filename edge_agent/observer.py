"""One thread of one source: reads samples, feeds the pipeline, waits with backoff while the source is lost.

Other threads have their errands done between two samples: a task is put in the place of another, a sample handed out.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event as Flag
from typing import Literal, TypeVar

import structlog

from edge_agent.errors import SourceBusy, SourceEnded, SourceError, SourceLost
from edge_agent.pipeline import Pipeline
from edge_agent.sample import Sample
from edge_agent.sources.source import SelfAware, Source
from edge_agent.task import Task

READ_TIMEOUT_S = 0.5
FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 60.0
FULL_DISK_RETRY_S = 2.0
ERRAND_S = 10.0
LOOK_S = 0.2

Value = TypeVar("Value")

_log = structlog.get_logger()


@dataclass(frozen=True)
class SourceState:
    """How a source is; `message` is for people when it is not ok, `sampled_s` the monotonic time of its newest sample."""

    state: Literal["ok", "lost", "ended"] = "ok"
    message: str | None = None
    sampled_s: float | None = None


class Observer:
    """Runs one source until it ends or `stop` is set; what waits is committed before it returns."""

    def __init__(self, source_id: str, source: Source, pipeline: Pipeline, stop: Flag) -> None:
        self.source_id = source_id
        self.source = source
        self.pipeline = pipeline
        self.state = SourceState()
        self._stop = stop
        self._backoff_s = FIRST_BACKOFF_S
        self._errands: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._awaited: SimpleQueue[Future[Sample]] = SimpleQueue()
        self._has_left = False

    def run(self) -> None:
        """Observe to the end, then commit with the tasks' states."""
        try:
            while not self._stop.is_set() and self.state.state != "ended":
                self._run_errands()
                if self.pipeline.commit_if_due():
                    self._step()
                else:
                    self._rest(FULL_DISK_RETRY_S)
            self._conclude()
        finally:
            self._has_left = True
            self.source.close()

    def between(self, act: Callable[[], Value], timeout_s: float = ERRAND_S) -> Value:
        """What `act` gives, done on this observer's thread between two samples. Raises SourceBusy, and what `act` raises."""
        answer: Future[Value] = Future()

        def errand() -> None:
            if answer.set_running_or_notify_cancel():
                try:
                    answer.set_result(act())
                except Exception as error:
                    answer.set_exception(error)

        self._errands.put(errand)
        return self._awaited_for(answer, timeout_s)

    def next_sample(self, timeout_s: float) -> Sample:
        """The next sample that is read. Raises SourceBusy."""
        answer: Future[Sample] = Future()
        self._awaited.put(answer)
        if isinstance(self.source, SelfAware):
            self.source.ask()
        return self._awaited_for(answer, timeout_s)

    def replace(self, kind: str, task: Task) -> None:
        """Put `task` in the place of the one of that kind; it goes on from that one's state. Raises SourceBusy."""
        self.between(lambda: self.pipeline.replace(kind, task))

    def _awaited_for(self, answer: Future[Value], timeout_s: float) -> Value:
        if self._has_left:
            raise SourceBusy(self.source_id, self.state.message or "the agent stops")
        try:
            return answer.result(timeout_s)
        except TimeoutError as error:
            answer.cancel()
            why = self.state.message or f"it gave nothing for {timeout_s:g} s"
            raise SourceBusy(self.source_id, why) from error

    def _run_errands(self) -> None:
        with suppress(Empty):
            while True:
                self._errands.get_nowait()()

    def _rest(self, duration_s: float) -> None:
        """Wait so long, or until the agent stops, with errands done meanwhile."""
        ends_s = time.monotonic() + duration_s
        while not self._stop.is_set() and (left_s := ends_s - time.monotonic()) > 0:
            with suppress(Empty):
                self._errands.get(timeout=min(LOOK_S, left_s))()

    def _hand_out(self, sample: Sample) -> None:
        with suppress(Empty):
            while True:
                with suppress(InvalidStateError):  # nobody waits for it any more
                    self._awaited.get_nowait().set_result(sample)

    def _step(self) -> None:
        try:
            sample = self.source.read(READ_TIMEOUT_S)
        except SourceEnded as error:
            self.state = SourceState("ended", str(error), self.state.sampled_s)
            self.pipeline.finish()
        except SourceError as error:
            self._lost(error)
        except Exception as error:  # a driver that fails in its own words must not take the other sources along
            if self.state.state != "lost":
                _log.exception("source_failed", source=self.source_id)
            self._lost(SourceLost(self.source_id, f"its driver failed: {type(error).__name__}: {error}"))
        else:
            if sample is not None:
                self._well()
                self.pipeline.observe(sample)
                self._hand_out(sample)

    def _conclude(self) -> None:
        while not self.pipeline.commit(with_state=True):
            if self._stop.wait(FULL_DISK_RETRY_S):
                _log.error("uncommitted_on_stop", source=self.source_id, why=self.pipeline.paused)
                return

    def _well(self) -> None:
        if self.state.state == "lost":
            _log.info("source_back", source=self.source_id)
        self._backoff_s = FIRST_BACKOFF_S
        self.state = SourceState("ok", None, time.monotonic())

    def _lost(self, error: SourceError) -> None:
        if self.state.state != "lost":
            _log.error("source_lost", source=self.source_id, why=str(error))
        self.state = SourceState("lost", str(error), self.state.sampled_s)
        self.pipeline.commit()
        self._rest(self._backoff_s)
        self._backoff_s = min(LONGEST_BACKOFF_S, self._backoff_s * 2)
