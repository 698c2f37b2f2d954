"""The model would notice: each of these mistakes, made on purpose, is found within sixty schedules."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from central.ingest import cursor
from central.ingest.accept import Accepted
from central.ingest.cursor import Advance, Batch
from edge_agent.link.publisher import Publisher
from tests.model.play import in_memory, played
from tests.model.schedule import drawn

LIKELY = (9, 18, 53, *range(60))
contiguous = cursor.advance
answered = Publisher._broker_answered


def highest(before: int, batches: Sequence[Batch], known: Mapping[int, str]) -> Advance:
    """A centre that acknowledges the highest sequence, holes or not."""
    return contiguous(max(before, min(batch.first for batch in batches) - 1), batches, known)


def trusting(self: Publisher, mid: int, reason: int, name: str, now_s: float) -> None:
    """A device that deletes what the broker has taken, before the centre has it."""
    answered(self, mid, reason, name, now_s)
    self._queue.acknowledge(self._window.sent)
    with self._queue._file.writing() as connection:
        connection.execute("DELETE FROM events WHERE sequence < ?", (self._queue.acknowledged,))


def deaf(self: Publisher, *_: object) -> None:
    """A device that does not care about the centre's epoch."""


def forgetful(before: int, batches: Sequence[Batch], known: Mapping[int, str]) -> Advance:
    """A centre that takes what comes again for new."""
    result = contiguous(before, batches, known)
    taken = [one for batch in batches if isinstance(batch, Accepted) and batch.first <= before + 1 for one in batch.taken]
    return replace(result, taken=taken)


MISTAKES: dict[str, tuple[object, str, object]] = {
    "the highest sequence is acknowledged": (cursor, "advance", highest),
    "rows are pruned at the broker's word": (Publisher, "_broker_answered", trusting),
    "a new epoch is ignored": (Publisher, "_centre_said", deaf),
    "what comes again is taken again": (cursor, "advance", forgetful),
}


def found_by(folder: Path, schedules: Sequence[int]) -> list[int]:
    """The seeds that find something."""
    return [seed for seed in schedules if played(drawn(seed), folder).verdict.faults]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_on_purpose_is_found(mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Soon; but a device that ignores the epoch is put right by its next event, so that this one takes long to show."""
    owner, name, wrong = MISTAKES[mistake]
    monkeypatch.setattr(owner, name, wrong)
    folder = in_memory(tmp_path)
    assert any(found_by(folder, [seed]) for seed in LIKELY)
