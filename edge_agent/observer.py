"""One thread of one source: reads samples, feeds the pipeline, waits with backoff while the source is lost."""

import time
from dataclasses import dataclass
from threading import Event as Flag
from typing import Literal

import structlog

from edge_agent.errors import SourceEnded, SourceError, SourceLost
from edge_agent.pipeline import Pipeline
from edge_agent.sources.source import Source

READ_TIMEOUT_S = 0.5
FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 60.0
FULL_DISK_RETRY_S = 2.0

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

    def run(self) -> None:
        """Observe to the end, then commit with the tasks' states."""
        try:
            while not self._stop.is_set() and self.state.state != "ended":
                if self.pipeline.commit_if_due():
                    self._step()
                else:
                    self._stop.wait(FULL_DISK_RETRY_S)
            self._conclude()
        finally:
            self.source.close()

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
        self._stop.wait(self._backoff_s)
        self._backoff_s = min(LONGEST_BACKOFF_S, self._backoff_s * 2)
