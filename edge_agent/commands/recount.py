"""recount: every shelf of a camera is counted anew from fresh looks; ordinary counts follow."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from edge_agent.commands.ability import Order
from edge_agent.errors import CommandFailed
from edge_agent.observer import Observer

KIND = "shelf_count"
EVENT = "shelf_count/1"


@runtime_checkable
class Recounts(Protocol):
    """A task that can forget what it saw."""

    def recount(self) -> int:
        """Count anew; how many counts will be told."""
        ...


@dataclass(frozen=True)
class Recount:
    """On the cameras that count."""

    observers: Mapping[str, Observer]

    def __call__(self, order: Order) -> Mapping[str, object]:
        """Wait until each shelf was told again. Raises SourceBusy, CommandFailed."""
        observer = self.observers[order.command.source or ""]
        expected, before = observer.between(lambda: self._begun(observer), order.time_left_s())
        told = 0
        while told < expected:
            observer.next_sample(order.time_left_s())
            told = _told(observer) - before
            order.progress(min(1.0, told / expected))
        observer.between(observer.pipeline.commit, order.time_left_s())
        return {"counts": told}

    def _begun(self, observer: Observer) -> tuple[int, int]:
        task = observer.pipeline.task(KIND)
        if not isinstance(task, Recounts):
            raise CommandFailed(f"nothing is counted at {observer.source_id}: its task did not start")
        return task.recount(), _told(observer)


def _told(observer: Observer) -> int:
    return observer.pipeline.counts.events.get(EVENT, 0)
