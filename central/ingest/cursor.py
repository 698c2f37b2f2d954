"""How far a device's events have landed (pure): only the contiguous prefix counts, whatever order batches come in.

A batch that begins beyond the cursor is a gap: nothing of it is stored, and the device is told where to begin again. What
the cursor has passed is settled: it has no effect a second time. The same sequence with another id means that two devices
speak with one key (a cloned card).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from central.ingest.accept import Accepted, Misplaced, Poison, Taken
from protocols.messages.lost import Lost

Batch = Accepted | Misplaced


@dataclass
class Advance:
    """What a device's waiting batches come to.

    cursor, site, highest_seen (sequence): after them. taken, poison: what is new, in rising order. misplaced, cloned:
    batches to be held whole. The counts are of events, gaps of batches. The cursor rose by stored + quarantined +
    declared_lost.
    """

    cursor: int
    site: str = ""
    highest_seen: int = 0
    taken: list[Taken] = field(default_factory=list)
    poison: list[Poison] = field(default_factory=list)
    misplaced: list[Misplaced] = field(default_factory=list)
    cloned: list[Accepted] = field(default_factory=list)
    stored: int = 0
    duplicates: int = 0
    quarantined: int = 0
    declared_lost: int = 0
    gaps: int = 0


def advance(cursor: int, batches: Sequence[Batch], known: Mapping[int, str]) -> Advance:
    """Take batches in order of their first sequence. known: sequence → id of what is stored, empty for a declared loss."""
    ids = dict(known)
    result = Advance(cursor)
    for batch in sorted(batches, key=_first):
        result.highest_seen = max(result.highest_seen, batch.last)
        if batch.first > result.cursor + 1:
            result.gaps += 1
        elif isinstance(batch, Misplaced):
            _pass_over(result, batch)
        else:
            _take(result, batch, ids)
    return result


def _first(batch: Batch) -> int:
    return batch.first


def _pass_over(result: Advance, batch: Misplaced) -> None:
    result.misplaced.append(batch)
    passed = max(0, batch.last - result.cursor)
    result.quarantined += passed
    result.duplicates += batch.last - batch.first + 1 - passed
    result.cursor += passed


def _take(result: Advance, batch: Accepted, ids: dict[int, str]) -> None:
    cursor = result.cursor
    result.site = batch.site
    new = [taken for taken in batch.taken if taken.event.sequence > cursor]
    poison = [event for event in batch.poison if event.sequence > cursor]
    lost = [taken for taken in batch.taken if isinstance(taken.data, Lost)]
    if len(new) < len(batch.taken) and any(_is_another(taken, ids) for taken in batch.taken):
        result.cloned.append(batch)
    ids.update({taken.event.sequence: taken.event.id for taken in new})
    ids.update({taken.event.sequence: "" for taken in lost})
    result.taken += new
    result.poison += poison
    result.stored += len(new) - sum(taken.event.sequence > cursor for taken in lost)
    result.quarantined += len(poison)
    result.duplicates += len(batch.taken) + len(batch.poison) - len(new) - len(poison)
    result.declared_lost += sum(max(0, taken.last - max(cursor, taken.event.sequence - 1)) for taken in lost)
    result.cursor = max(cursor, batch.last)


def _is_another(taken: Taken, ids: Mapping[int, str]) -> bool:
    stored = ids.get(taken.event.sequence)
    return bool(stored) and stored != taken.event.id and not isinstance(taken.data, Lost)
