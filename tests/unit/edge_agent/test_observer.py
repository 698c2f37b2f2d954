"""The thread of one source: what it does when the source is lost, ends, or the agent stops."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from threading import Thread, current_thread

import pytest

from edge_agent.clock import DeviceClock
from edge_agent.errors import SnapshotRejected, SourceBusy, SourceEnded, SourceLost
from edge_agent.health import HealthReport
from edge_agent.look_budget import LookBudget
from edge_agent.observer import Observer
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.queue import Queue
from edge_agent.pipeline import Pipeline
from edge_agent.sample import Reading, Sample
from edge_agent.task import Finding
from tests.makers import NOON, shelf_count
from tests.parts.ports import eventually

SAMPLE = Reading("pump-1", NOON, 0, "ntp", "pump-1", {})


@dataclass
class Script:
    """A source that plays a list: samples, and errors that it raises; then it gives nothing."""

    steps: list[Sample | Exception]
    dropped: int = 3
    refused: int = 1
    units: Mapping[str, str] = field(default_factory=dict)
    is_closed: bool = False

    def read(self, timeout_s: float) -> Sample | None:
        if not self.steps:
            Flag().wait(min(timeout_s, 0.01))
            return None
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def close(self) -> None:
        self.is_closed = True


@dataclass
class Choosy(Script):
    """A source with a trigger, which held five samples back."""

    held_back: int = 5
    trouble: str | None = None

    def ask(self) -> None:
        """Nobody asks."""


class Told:
    """A task with one finding a sample and one at the end."""

    model = None

    def observe(self, sample: Sample) -> Sequence[Finding]:
        return [Finding(shelf_count(), urgent=False)]

    def snapshot(self) -> bytes:
        return b""

    def restore(self, state: bytes) -> None:
        """Nothing to restore."""

    def finish(self) -> Sequence[Finding]:
        return [Finding(shelf_count(), urgent=False)]


class Remembering(Told):
    """One that has a state."""

    def __init__(self, name: str, refuses: bool = False) -> None:
        self.name, self.refuses = name, refuses
        self.restored: list[bytes] = []

    def snapshot(self) -> bytes:
        return self.name.encode()

    def restore(self, state: bytes) -> None:
        if self.refuses:
            raise SnapshotRejected("of another version")
        self.restored.append(state)


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    """An outbox on disk."""
    file = OutboxFile(tmp_path / "outbox.db")
    yield Queue(file)
    file.close()


def observer(queue: Queue, stop: Flag, *steps: Sample | Exception) -> tuple[Observer, Script]:
    """An observer of these steps that commits only when it must."""
    source = Script(list(steps))
    pipeline = Pipeline("pump-1", {"told": Told()}, queue, DeviceClock("boot"), 1000.0, lambda: None)
    return Observer("pump-1", source, pipeline, stop), source


@contextmanager
def at_work(watched: Observer, stop: Flag) -> Iterator[None]:
    """The observer on a thread of its own."""
    thread = Thread(target=watched.run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


def test_an_errand_is_done_on_the_source_s_own_thread(queue: Queue) -> None:
    """Its answer, or what it raises, comes back; also while the source is lost."""
    stop = Flag()
    watched, source = observer(queue, stop)
    with at_work(watched, stop):
        assert watched.between(lambda: current_thread().name) != current_thread().name
        with pytest.raises(ZeroDivisionError):
            watched.between(lambda: 1 // 0)
        source.steps.append(SourceLost("pump-1", "no answer"))
        eventually(lambda: watched.state.state == "lost", what="the loss")
        assert watched.between(lambda: 7, timeout_s=0.9) == 7


def test_the_next_sample_is_handed_to_all_who_wait_for_it(queue: Queue) -> None:
    """And one that nobody sends in time is an error that names the source and what is wrong with it."""
    stop = Flag()
    watched, source = observer(queue, stop)
    with at_work(watched, stop):
        with pytest.raises(SourceBusy, match=r"pump-1: it gave nothing for 0\.05 s"):
            watched.next_sample(0.05)
        source.steps.append(SAMPLE)
        assert watched.next_sample(5) is SAMPLE
    with pytest.raises(SourceBusy):
        watched.between(lambda: 7, timeout_s=0.05)


def test_a_task_is_replaced_between_two_samples_and_goes_on_from_the_old_one_s_state(queue: Queue) -> None:
    """Nothing that waits is lost; a state that does not fit leaves the new task as new."""
    stop = Flag()
    watched, source = observer(queue, stop, SAMPLE)
    new, odd = Remembering("new"), Remembering("odd", refuses=True)
    watched.pipeline.replace("told", Remembering("old"))
    with at_work(watched, stop):
        eventually(lambda: watched.pipeline.counts.samples == 1, what="a sample")
        watched.replace("told", new)
        assert (new.restored, watched.pipeline.task("told")) == ([b"old"], new)
        source.steps.append(SAMPLE)
        watched.replace("told", odd)
        assert watched.pipeline.task("told") is odd
        watched.replace("other", Told())
    assert queue.last == 2


def test_the_end_of_a_recording_commits_everything(queue: Queue) -> None:
    """What was concluded, and what the task still held; then the source is closed."""
    watched, source = observer(queue, Flag(), SAMPLE, SAMPLE, SourceEnded("pump-1", "2 rows played"))
    watched.run()
    assert queue.last == 3
    assert (watched.state.state, source.is_closed) == ("ended", True)


def test_a_driver_that_fails_in_its_own_words_is_a_lost_source(queue: Queue) -> None:
    """It is named and tried again; the thread lives on, so the other sources do, too."""
    stop = Flag()
    watched, _ = observer(queue, stop, struct.error("unpack requires 4 bytes"), SAMPLE)
    thread = Thread(target=watched.run)
    thread.start()
    try:
        eventually(lambda: watched.state.state == "lost", what="the loss")
        assert "source pump-1: its driver failed: error: unpack" in (watched.state.message or "")
        eventually(lambda: watched.state.state == "ok", what="the return")
    finally:
        stop.set()
        thread.join(10)
    assert queue.last == 1


def test_a_lost_source_is_said_committed_and_comes_back(queue: Queue) -> None:
    """What was concluded before the loss does not wait for its return."""
    stop = Flag()
    watched, source = observer(queue, stop, SAMPLE, SourceLost("pump-1", "no answer"), SAMPLE)
    thread = Thread(target=watched.run)
    thread.start()
    try:
        eventually(lambda: watched.state.state == "lost", what="the loss")
        eventually(lambda: queue.last == 1, what="the commit")
        health = HealthReport(Path("/"), DeviceClock("boot"), queue, [watched]).now("an alarm")
        assert (health.sources[0].state, health.sources[0].message) == ("lost", "source pump-1: no answer")
        assert (health.sources[0].dropped, health.sources[0].refused, health.paused) == (3, 1, "an alarm")
        eventually(lambda: watched.state.state == "ok", what="the return")
    finally:
        stop.set()
        thread.join(10)
    assert queue.last == 2
    assert source.is_closed


def test_health_tells_what_a_trigger_held_back_and_what_a_task_had_no_time_for(queue: Queue) -> None:
    """Apart from what came too fast and what could not be read."""
    budget = LookBudget(0.001)
    with budget.looking():
        sum(range(200_000))
    pipeline = Pipeline("cam-1", {"told": Told()}, queue, DeviceClock("boot"), 1000.0, lambda: None)
    pipeline.grant("told", budget)
    pipeline.observe(SAMPLE)
    watched = Observer("cam-1", Choosy([]), pipeline, Flag())
    (told,) = HealthReport(Path("/"), DeviceClock("boot"), queue, [watched]).now(None).sources
    assert (told.samples, told.dropped, told.refused, told.held_back, told.over_budget) == (1, 3, 1, 5, 1)
