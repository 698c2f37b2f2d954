"""One source and its tasks: sample → findings → events and evidence → outbox.

Urgent findings are committed at once, the rest after `commit_interval_s` or 50 events. What is not committed yet stays here
when the disk is full (or the file locked), and nothing more is observed until it is.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from edge_agent.clock import DeviceClock, Stamp
from edge_agent.errors import OutboxBusy, OutboxFull, SampleRefused, SnapshotRejected
from edge_agent.look_budget import LookBudget
from edge_agent.outbox.entry import Attachment, Entry, Stamper
from edge_agent.outbox.queue import Queue
from edge_agent.sample import Sample
from edge_agent.task import Finding, Picture, Task
from protocols.codec import encode
from protocols.envelope import MAX_BATCH_BYTES
from protocols.messages.evidence import MAX_EVIDENCE_BYTES, READINGS_TYPE

COMMIT_EVENTS = 50
SNAPSHOT_INTERVAL_S = 300.0
MAX_EVENT_BYTES = MAX_BATCH_BYTES - 2048  # leaves room for the batch and the envelope around one event

_log = structlog.get_logger()


@dataclass
class PipelineCounts:
    """What went through, and what was refused or failed. `refusals`: reason → how often a task refused a sample.
    over_budget: samples that a task was not shown, since it had taken more processor time than it is granted."""

    samples: int = 0
    over_budget: int = 0
    task_errors: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)

    @property
    def refused(self) -> int:
        """How often anything was refused."""
        return sum(self.refusals.values())

    def refuse(self, reason: str) -> None:
        """One more refusal for that reason."""
        self.refusals[reason] = self.refusals.get(reason, 0) + 1


class Pipeline:
    """Feeds one source's samples to its tasks and commits what they conclude. Used by one thread.

    Without `keeps_state` nothing is saved of the tasks: a recording must not leave its state to a live source of that name.
    """

    def __init__(
        self,
        source_id: str,
        tasks: Mapping[str, Task],
        queue: Queue,
        clock: DeviceClock,
        commit_interval_s: float,
        committed: Callable[[], None],
        keeps_state: bool = True,
    ) -> None:
        self.counts = PipelineCounts()
        self.paused: str | None = None
        self._source_id = source_id
        self._tasks = dict(tasks)
        self._budgets = {kind: LookBudget(None) for kind in tasks}
        self._queue = queue
        self._clock = clock
        self._stamper = Stamper(clock)
        self._commit_interval_s = commit_interval_s
        self._committed = committed
        self._keeps_state = keeps_state
        self._pending: list[Entry] = []
        self._urgent = False
        self._oldest_s = 0.0
        self._saved_s = time.monotonic()

    def models(self) -> Mapping[str, str | None]:
        """Task kind → what concludes there."""
        return {kind: task.model for kind, task in self._tasks.items()}

    def task(self, kind: str) -> Task | None:
        """The task of that kind, if it runs here."""
        return self._tasks.get(kind)

    def grant(self, kind: str, budget: LookBudget) -> None:
        """From now on the task of that kind, and any in its place, sees only what this budget lets it."""
        self._budgets[kind] = budget

    def replace(self, kind: str, task: Task) -> None:
        """Put `task` in the place of the one of that kind. It goes on from that one's state, where it can; what waits to be
        committed stays."""
        before = self._tasks.get(kind)
        try:
            state = before.snapshot() if before is not None else b""
            if state:
                task.restore(state)
        except SnapshotRejected as error:
            _log.warning("state_not_kept", source=self._source_id, task=kind, why=str(error), remedy="it starts anew")
        except Exception:
            self._failed(kind)
        self._tasks[kind] = task

    def observe(self, sample: Sample) -> None:
        """Show one sample to every task that has time for it; a task that fails is counted and the others go on."""
        self.counts.samples += 1
        for kind, task in self._tasks.items():
            if self._has_time(kind):
                self._show(kind, task, sample)
        if self._urgent or len(self._pending) >= COMMIT_EVENTS:
            self.commit()

    def _has_time(self, kind: str) -> bool:
        budget = self._budgets.setdefault(kind, LookBudget(None))
        if budget.may_look():
            return True
        self.counts.over_budget += 1
        if self.counts.over_budget.bit_count() == 1:
            _log.warning(
                "over_budget",
                source=self._source_id,
                task=kind,
                samples=self.counts.over_budget,
                remedy="raise its budget_cpu_ms, or the interval_s of its source",
            )
        return False

    def _show(self, kind: str, task: Task, sample: Sample) -> None:
        try:
            with self._budgets[kind].looking():
                findings = task.observe(sample)
            for finding in findings:
                self._take(finding, sample)
        except SampleRefused as error:
            self.counts.refuse(error.reason)
            _log.debug("sample_refused", source=self._source_id, task=kind, reason=error.reason)
        except Exception:
            self._failed(kind)

    def finish(self) -> None:
        """The recording is over: what tasks still hold open is concluded."""
        for kind, task in self._tasks.items():
            try:
                for finding in task.finish():
                    self._take(finding, None)
            except Exception:
                self._failed(kind)

    def commit_if_due(self) -> bool:
        """Commit when something waits long enough; False while the outbox takes nothing."""
        waited = bool(self._pending) and time.monotonic() - self._oldest_s >= self._commit_interval_s
        return self.commit() if waited or self._urgent or self.paused else True

    def commit(self, with_state: bool = False) -> bool:
        """Write what waits, in one transaction; False when the disk is full or the file locked: all still waits."""
        now_s = time.monotonic()
        save = with_state or self._urgent or now_s - self._saved_s >= SNAPSHOT_INTERVAL_S
        if not self._pending and not with_state:
            return True
        try:
            sequences = self._queue.append(self._pending, self._clock.now().at, self._states() if save else {})
        except (OutboxFull, OutboxBusy) as error:
            self._pause(str(error))
            return False
        if self.paused:
            _log.info("observing_resumed", source=self._source_id)
        for entry, sequence in zip(self._pending, sequences, strict=True):
            if entry.urgent:  # routine is counted in the health message; its trace begins at the centre
                trace = entry.id.replace("-", "")
                _log.info("concluded", source=self._source_id, kind=entry.kind, sequence=sequence, trace=trace)
        self._pending, self._urgent, self.paused = [], False, None
        self._saved_s = now_s if save else self._saved_s
        self._committed()
        return True

    def _take(self, finding: Finding, sample: Sample | None) -> None:
        entry = self._entry(finding, sample)
        if len(entry.data) > MAX_EVENT_BYTES:
            self.counts.task_errors += 1
            _log.error(
                "finding_too_large", source=self._source_id, kind=entry.kind, bytes=len(entry.data), limit=MAX_EVENT_BYTES
            )
            return
        if not self._pending:
            self._oldest_s = time.monotonic()
        self._pending.append(entry)
        self._urgent = self._urgent or finding.urgent
        self.counts.events[entry.kind] = self.counts.events.get(entry.kind, 0) + 1

    def _entry(self, finding: Finding, sample: Sample | None) -> Entry:
        taken = None if sample is None else Stamp(sample.taken_at, sample.monotonic_ms, sample.clock)
        attachment = self._attachment(finding, sample)
        return self._stamper.entry(finding.data, taken, finding.occurred_at, finding.model, attachment, finding.urgent)

    def _attachment(self, finding: Finding, sample: Sample | None) -> Attachment | None:
        evidence = finding.evidence
        if evidence is None:
            return None
        taken_at = sample.taken_at if sample else self._clock.now().at
        if isinstance(evidence, Picture):
            attachment = Attachment("image/jpeg", taken_at, evidence.jpeg)
        else:
            attachment = Attachment(READINGS_TYPE, taken_at, encode(evidence))
        if len(attachment.content) <= MAX_EVIDENCE_BYTES:
            return attachment
        self.counts.refuse("evidence_too_large")
        _log.error("evidence_too_large", source=self._source_id, bytes=len(attachment.content), limit=MAX_EVIDENCE_BYTES)
        return None

    def _states(self) -> dict[str, bytes]:
        states = {}
        for kind, task in self._tasks.items() if self._keeps_state else ():
            try:
                state = task.snapshot()
            except Exception:
                self._failed(kind)
                continue
            if state:
                states[f"{self._source_id}/{kind}"] = state
        return states

    def _pause(self, why: str) -> None:
        if self.paused is None:
            _log.error("observing_paused", source=self._source_id, why=why)
        self.paused = why

    def _failed(self, kind: str) -> None:
        self.counts.task_errors += 1
        if self.counts.task_errors.bit_count() == 1:  # 1, 2, 4, 8 …: a task that fails always fills no disk
            _log.exception("task_failed", source=self._source_id, task=kind, failures=self.counts.task_errors)
