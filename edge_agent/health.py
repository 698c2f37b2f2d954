"""Heat, memory, disk, sources and outbox of this machine as one message, from what the kernel tells."""

import shutil
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import structlog

from edge_agent.clock import DeviceClock
from edge_agent.machine import Machine, clock_error_s
from edge_agent.observer import Observer
from edge_agent.outbox.queue import Queue
from edge_agent.outbox.state import QueueState, oldest_age_s
from edge_agent.outbox.wear import WearMeter
from edge_agent.sources.source import SelfAware
from edge_agent.task import TaughtOnSite
from protocols.codec import wire_time
from protocols.messages.device import Health, OutboxHealth, SourceHealth

_log = structlog.get_logger()

MACHINE = Machine()
_MEGABYTE = 1_000_000
_LONGEST_TEXT = 400


class HealthReport:
    """Makes the health message; remembers the processor times of the one before."""

    def __init__(
        self,
        data_dir: Path,
        clock: DeviceClock,
        queue: Queue,
        observers: Sequence[Observer],
        machine: Machine = MACHINE,
        wear: WearMeter | None = None,
    ) -> None:
        self._data_dir, self._clock, self._queue, self._observers = data_dir, clock, queue, observers
        self._machine, self._wear = machine, wear
        self._busy_and_total = machine.processor_times()
        self._jumps = clock.jumps

    def now(self, alarm: str | None) -> Health:
        """The state of things; `alarm` is what the link has to say."""
        stamp = self._clock.now()
        if self._clock.jumps != self._jumps:
            self._jumps = self._clock.jumps
            _log.warning("clock_jumped", jumps=self._jumps, at=stamp.at.isoformat(), remedy="is time synchronisation well?")
        paused = next((o.pipeline.paused for o in self._observers if o.pipeline.paused), None)
        said = paused or alarm
        return Health(
            boot=self._clock.boot,
            at=wire_time(stamp.at),
            outbox=outbox_health(self._queue.state(), stamp.at),
            clock=stamp.clock,
            monotonic_ms=stamp.monotonic_ms,
            sources=[_source_health(observer) for observer in self._observers],
            cpu_percent=self._cpu_percent(),
            memory_mb=self._machine.resident_mb(),
            temperature_c=self._machine.temperature_c(),
            disk_free_mb=round(shutil.disk_usage(self._data_dir).free / _MEGABYTE, 1),
            throttled=list(self._machine.throttled().now),
            clock_jumps=self._clock.jumps,
            clock_error_s=clock_error_s(),
            wear=None if self._wear is None else self._wear.now(time.monotonic()),
            paused=said and said[:_LONGEST_TEXT],
        )

    def _cpu_percent(self) -> float | None:
        before, self._busy_and_total = self._busy_and_total, self._machine.processor_times()
        if before is None or self._busy_and_total is None or self._busy_and_total[1] == before[1]:
            return None
        busy, total = (now - then for now, then in zip(self._busy_and_total, before, strict=True))
        return round(100 * busy / total, 1)


def outbox_health(state: QueueState, now: datetime) -> OutboxHealth:
    """The queue's state in the words of the wire."""
    return OutboxHealth(
        count=state.count,
        bytes=state.bytes,
        oldest_age_s=round(oldest_age_s(state, now), 1),
        last_sequence=state.last,
        set_aside=state.set_aside,
    )


def _source_health(observer: Observer) -> SourceHealth:
    state, counts, source = observer.state, observer.pipeline.counts, observer.source
    aware = source if isinstance(source, SelfAware) else None
    said = state.message or (aware.trouble if aware else None) or _teaching_trouble(observer)
    return SourceHealth(
        id=observer.source_id,
        state=state.state,
        samples=counts.samples,
        dropped=source.dropped,
        refused=source.refused + counts.refused,
        task_errors=counts.task_errors,
        held_back=aware.held_back if aware else 0,
        over_budget=counts.over_budget,
        age_s=None if state.sampled_s is None else round(time.monotonic() - state.sampled_s, 1),
        message=said and said[:_LONGEST_TEXT],
    )


def _teaching_trouble(observer: Observer) -> str | None:
    """Why what a station was taught does not count."""
    for kind in observer.pipeline.models():
        task = observer.pipeline.task(kind)
        if isinstance(task, TaughtOnSite) and task.trouble is not None:
            return task.trouble
    return None
