"""teach: a camera learns its part from the next good ones on its line; until it has, it judges as it did."""

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Lock, get_native_id
from typing import cast, get_args

from edge_agent.clock import DeviceClock
from edge_agent.commands.ability import Order, argument
from edge_agent.errors import CommandFailed
from edge_agent.observer import Observer
from edge_agent.tasks.defects.school import LEAST_PICTURES, MOST_PICTURES, Lies, School, SeenPart
from edge_agent.tasks.defects.task import DefectsTask
from edge_agent.thumbnail import Pixels
from protocols.messages.command import Command
from vision_models.errors import TeachingRefused

KIND = "defects"
PICTURES = 30
NICENESS = 10
LOOK_S = 0.5
SHARE_OF_COLLECTING = 0.9


@dataclass(frozen=True)
class Teach:
    """On the cameras that inspect. keep: a lesson of a station, durably; switch: build its task anew, on that."""

    observers: Mapping[str, Observer]
    keep: Callable[[str, bytes], None]
    switch: Callable[[str], object]
    clock: DeviceClock
    at_school: dict[str, Lock] = field(default_factory=lambda: defaultdict(Lock))

    def __call__(self, order: Order) -> Mapping[str, object]:
        """Collect, learn, switch. Raises CommandFailed, SourceBusy: nothing has changed; TaskNotBuilt: look at its log."""
        source = order.command.source or ""
        if not self.at_school[source].acquire(blocking=False):
            raise CommandFailed(f"{source} is being taught already; wait until that has ended")
        try:
            return self._taught(source, order)
        except TeachingRefused as error:
            raise CommandFailed(f"{source} has learnt nothing: {error}") from error
        except OSError as error:
            raise CommandFailed(f"{source}: its lesson cannot be kept ({error.strerror}); make room in data_dir") from error
        finally:
            self.at_school[source].release()

    def _taught(self, source: str, order: Order) -> Mapping[str, object]:
        count = argument(order.command, "count", PICTURES, LEAST_PICTURES, MOST_PICTURES)
        lies, leaves_out = lies_of(order.command), order.command.arguments.get("leave_out", False) is True
        observer = self.observers[source]
        task, school = _inspector(observer)
        parts = self._collected(observer, task, school, lies, count, order)
        be_gentle()
        content = school.taught(parts, school.lesson(lies), leaves_out, self.clock.now().at)
        order.time_left_s()
        self.keep(source, content)
        self.switch(source)
        teaching = _inspector(observer)[0].teaching
        told = {} if teaching is None else {"pictures": teaching.count, "left_out": teaching.left_out}
        return {**told, "model": observer.pipeline.models()[KIND]}

    def _collected(
        self, observer: Observer, task: DefectsTask, school: School, lies: Lies, count: int, order: Order
    ) -> list[SeenPart]:
        """The next so many different parts. Raises CommandFailed, SourceBusy, TeachingRefused."""
        lesson, heard = school.lesson(lies), SimpleQueue[SeenPart]()

        def hear(crop: Pixels, at: datetime) -> None:
            heard.put(school.seen(crop, lesson, f"{at:%H:%M:%S} UTC"))

        observer.between(lambda: task.show_parts_to(hear), order.time_left_s())
        try:
            return self._first(count, heard, observer, task, order)
        finally:
            task.show_parts_to(None)

    def _first(
        self,
        count: int,
        heard: "SimpleQueue[SeenPart]",
        observer: Observer,
        task: DefectsTask,
        order: Order,
    ) -> list[SeenPart]:
        parts: dict[str, SeenPart] = {}
        while len(parts) < count:
            if order.left_s() <= 0:
                raise CommandFailed(
                    f"{len(parts)} of {count} parts came within {order.command.timeout_s:g} s; allow more time"
                )
            if observer.pipeline.task(KIND) is not task:
                raise CommandFailed("its settings or its model changed meanwhile; teach it again")
            try:
                part = heard.get(timeout=min(LOOK_S, max(0.01, order.left_s())))
            except Empty:
                continue
            parts.setdefault(part.sha256, part)
            order.progress(SHARE_OF_COLLECTING * len(parts) / count)
        return list(parts.values())


def lies_of(command: Command) -> Lies:
    """How the parts lie, among the arguments. Raises CommandFailed."""
    lies = command.arguments.get("lies", "aligned")
    if lies not in get_args(Lies):
        raise CommandFailed(f"argument 'lies' must be one of {', '.join(get_args(Lies))}")
    return cast(Lies, lies)


def be_gentle() -> None:
    """What this thread computes from now on waits for all that sees and sends; on Linux niceness is a thread's own."""
    os.setpriority(os.PRIO_PROCESS, get_native_id(), NICENESS)


def _inspector(observer: Observer) -> tuple[DefectsTask, School]:
    task = observer.pipeline.task(KIND)
    if not isinstance(task, DefectsTask) or task.school is None:
        raise CommandFailed(f"nothing is inspected at {observer.source_id}: its task did not start")
    return task, task.school
