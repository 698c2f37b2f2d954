"""Samples to committed events: order, urgency, isolation, full disk."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.clock import DeviceClock
from edge_agent.errors import SampleRefused
from edge_agent.logs import set_up_logs
from edge_agent.look_budget import LookBudget
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.evidence import EvidenceSpool
from edge_agent.outbox.queue import Queue
from edge_agent.outbox.snapshots import saved
from edge_agent.pipeline import Pipeline
from edge_agent.sample import Reading, Sample
from edge_agent.task import Finding, Picture, Task
from protocols.codec import read_event
from protocols.messages.evidence import MAX_EVIDENCE_BYTES
from tests.makers import NOON, defect, shelf_count

LATER = datetime(2026, 11, 24, 12, 0, 5, tzinfo=UTC)


@dataclass
class Scripted:
    """A task that says what it is told to, sample by sample; None raises, 'refuse' refuses the sample."""

    script: list[list[Finding] | str | None]
    last: list[Finding] = field(default_factory=list)
    model: str = "scripted/1"

    def observe(self, sample: Sample) -> Sequence[Finding]:
        said = self.script.pop(0)
        if said is None:
            raise RuntimeError("broken task")
        if isinstance(said, str):
            raise SampleRefused(said)
        return said

    def snapshot(self) -> bytes:
        return b'{"left":%d}' % len(self.script)

    def restore(self, state: bytes) -> None:
        raise NotImplementedError

    def finish(self) -> Sequence[Finding]:
        return self.last


@pytest.fixture
def file(tmp_path: Path) -> Iterator[OutboxFile]:
    """An outbox on disk."""
    opened = OutboxFile(tmp_path / "outbox.db")
    yield opened
    opened.close()


def reading() -> Reading:
    """One sample."""
    return Reading("pump-1", NOON, 1234, "ntp", "pump-1", {"current_a": 3.7})


def pipeline(file: OutboxFile, commit_interval_s: float = 1000.0, **tasks: Task) -> tuple[Pipeline, Queue]:
    """A pipeline of these tasks into `file`."""
    queue = Queue(file)
    return Pipeline("pump-1", tasks, queue, DeviceClock("boot"), commit_interval_s, lambda: None), queue


def routine() -> Finding:
    """A finding that may wait."""
    return Finding(shelf_count(), urgent=False)


def test_routine_waits_and_an_urgent_finding_takes_it_along(file: OutboxFile) -> None:
    """One commit, in the order in which they were concluded, with the sample's time and the task's state."""
    urgent = Finding(defect(), urgent=True, evidence=Picture(b"\xff\xd8jpeg"), model="m", occurred_at=LATER)
    line, queue = pipeline(file, one=Scripted([[routine()], [urgent]]))
    line.observe(reading())
    assert queue.last == 0
    line.observe(reading())
    first, second = [read_event(row.event) for row in queue.oldest_first(0, 10**6, 10)]
    assert (first.kind, first.occurred_at, first.monotonic_ms, first.clock) == ("shelf_count/1", NOON, 1234, "ntp")
    assert (second.kind, second.occurred_at, second.model) == ("defect/1", LATER, "m")
    assert EvidenceSpool(file).count() == 1
    assert saved(file, "pump-1/one") == b'{"left":0}'


def test_what_is_urgent_is_logged_with_the_trace_that_the_centre_goes_on_with(
    file: OutboxFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its event's id; routine is not logged one by one."""
    set_up_logs("json")
    line, queue = pipeline(file, one=Scripted([[routine(), Finding(defect(), urgent=True)]]))
    line.observe(reading())
    second = read_event(queue.oldest_first(1, 10**6, 1)[0].event)
    (logged,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (logged["event"], logged["sequence"], logged["trace"]) == ("concluded", 2, second.id.replace("-", ""))


def test_fifty_wait_for_nothing(file: OutboxFile) -> None:
    """So much may be lost in a power cut, not more."""
    line, queue = pipeline(file, one=Scripted([[routine()] * 49, [routine()]]))
    line.observe(reading())
    assert queue.last == 0
    line.observe(reading())
    assert queue.last == 50


def test_what_waited_long_enough_is_committed(file: OutboxFile) -> None:
    """Without waiting for the next finding."""
    line, queue = pipeline(file, commit_interval_s=0.0, one=Scripted([[routine()]]))
    line.observe(reading())
    assert line.commit_if_due()
    assert queue.last == 1


def test_a_task_that_fails_or_refuses_stops_no_other(file: OutboxFile) -> None:
    """Each is counted for what it is."""
    line, queue = pipeline(file, bad=Scripted([None, None, "blurred"]), good=Scripted([[routine()], [], [routine()]]))
    for _ in range(3):
        line.observe(reading())
    line.commit()
    assert queue.last == 2
    assert (line.counts.samples, line.counts.task_errors, line.counts.refused) == (3, 2, 1)
    assert line.counts.refusals == {"blurred": 1}
    assert line.counts.events == {"shelf_count/1": 2}


class Forgetful(Scripted):
    """A task whose state cannot be told."""

    def snapshot(self) -> bytes:
        raise RuntimeError("no state")


def test_a_state_that_cannot_be_saved_costs_no_event(file: OutboxFile) -> None:
    """The events are committed, the other task's state too; the failure is counted."""
    line, queue = pipeline(file, bad=Forgetful([[routine()]]), good=Scripted([[]]))
    line.observe(reading())
    assert line.commit(with_state=True)
    assert (queue.last, line.counts.task_errors) == (1, 1)
    assert (saved(file, "pump-1/bad"), saved(file, "pump-1/good")) == (None, b'{"left":0}')


def test_a_conclusion_that_cannot_be_written_stops_no_other(file: OutboxFile) -> None:
    """A message of no known kind is its task's failure, not the source's."""
    strange = Finding(NOON, urgent=False)  # type: ignore[arg-type]
    line, queue = pipeline(file, bad=Scripted([[strange]], last=[strange]), good=Scripted([[routine()]]))
    line.observe(reading())
    line.finish()
    line.commit()
    assert (queue.last, line.counts.task_errors) == (1, 2)


def test_a_recording_leaves_no_state_to_a_live_source_of_its_name(file: OutboxFile) -> None:
    """`--replay pump-1.csv` on the device that watches pump-1."""
    queue = Queue(file)
    tasks: dict[str, Task] = {"one": Scripted([[routine()]])}
    line = Pipeline("pump-1", tasks, queue, DeviceClock("boot"), 1000.0, lambda: None, keeps_state=False)
    line.observe(reading())
    assert line.commit(with_state=True)
    assert (queue.last, saved(file, "pump-1/one")) == (1, None)


def test_the_end_of_a_recording_concludes_what_is_open(file: OutboxFile) -> None:
    """And a task that fails at the end is isolated, too."""
    line, queue = pipeline(file, one=Scripted([], last=[routine()]))
    line.finish()
    line.commit(with_state=True)
    assert queue.last == 1


def test_evidence_that_no_message_can_carry_does_not_take_its_event_along(file: OutboxFile) -> None:
    """The event goes without it, and it is counted."""
    huge = Finding(defect(), urgent=True, evidence=Picture(b"x" * (MAX_EVIDENCE_BYTES + 1)))
    line, queue = pipeline(file, one=Scripted([[huge]]))
    line.observe(reading())
    assert queue.last == 1
    assert (EvidenceSpool(file).count(), line.counts.refusals) == (0, {"evidence_too_large": 1})


def test_a_conclusion_larger_than_any_batch_is_refused_before_it_blocks_the_outbox(file: OutboxFile) -> None:
    """The others go on."""
    boxes = [(0.1234567890123456, 0.2345678901234567, 0.3456789012345678, 0.4567890123456789)] * 900
    line, queue = pipeline(file, one=Scripted([[Finding(shelf_count(boxes=boxes), urgent=True), routine()]]))
    line.observe(reading())
    line.commit()
    assert queue.last == 1
    assert line.counts.task_errors == 1


def test_a_full_disk_pauses_and_nothing_is_lost(file: OutboxFile) -> None:
    """What could not be written waits here; with room again it is written, and the pause ends."""
    line, queue = pipeline(file, one=Scripted([[routine()] * 49, [routine()] * 49]))
    pages = file.connection.execute("PRAGMA page_count").fetchone()[0]
    file.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    line.observe(reading())
    assert not line.commit()
    assert "free space" in (line.paused or "")
    assert (queue.last, queue.state().count) == (0, 0)
    file.connection.execute("PRAGMA max_page_count = 100000")
    assert line.commit_if_due()
    assert (line.paused, queue.last) == (None, 49)


def test_a_file_that_somebody_holds_locked_pauses_and_nothing_is_lost(file: OutboxFile) -> None:
    """A person with a database browser must not cost an event."""
    line, queue = pipeline(file, one=Scripted([[routine()]]))
    file.connection.execute("PRAGMA busy_timeout = 20")
    intruder = sqlite3.connect(file.path, isolation_level=None)
    intruder.execute("BEGIN IMMEDIATE")
    line.observe(reading())
    assert not line.commit()
    assert "close the program" in (line.paused or "")
    intruder.execute("ROLLBACK")
    intruder.close()
    assert line.commit_if_due()
    assert (line.paused, queue.last) == (None, 1)


def test_a_task_that_took_too_much_time_is_passed_over_and_the_others_are_not(
    file: OutboxFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counted each time, and logged with the task and the remedy."""
    set_up_logs("json")
    times_s = iter([0.0, 0.3, 0.3, 0.3])
    slow, quick = Scripted([[routine()], [routine()]]), Scripted([[] for _ in range(3)])
    line, _ = pipeline(file, slow=slow, quick=quick)
    line.grant("slow", LookBudget(125, lambda: next(times_s)))
    for _ in range(3):
        line.observe(reading())
    assert (len(slow.script), len(quick.script)) == (0, 0)
    assert (line.counts.samples, line.counts.over_budget, line.counts.task_errors) == (3, 1, 0)
    (said,) = [json.loads(told) for told in capsys.readouterr().err.splitlines()]
    assert (said["event"], said["task"]) == ("over_budget", "slow")
    assert "budget_cpu_ms" in said["remedy"]
