"""How far a device's events have landed (pure): only the contiguous prefix counts, whatever order batches come in.

A batch that begins beyond the cursor is a gap: nothing of it is stored, and the device is told where to begin again. What
the cursor has passed is settled: it has no effect a second time. News is stored beyond the cursor, which does not move for
it; when it comes again in its place, only the cursor passes over it. The same sequence with another id means that two
devices speak with one key (a cloned card).
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from central.ingest.accept import Accepted, Misplaced, News, Poison, Taken
from protocols.messages.lost import Lost

Batch = Accepted | Misplaced | News


@dataclass
class Advance:
    """What a device's waiting batches come to.

    cursor, site, highest_seen (sequence): after them. taken, poison: what is new, in rising order, then the news. misplaced,
    cloned: batches to be held whole. The counts are of events, gaps of batches. The cursor rose by stored + quarantined +
    declared_lost. news: how many overtook; ahead: the highest of them.
    """

    cursor: int
    site: str = ""
    highest_seen: int = 0
    taken: list[Taken] = field(default_factory=list)
    poison: list[Poison] = field(default_factory=list)
    misplaced: list[Misplaced] = field(default_factory=list)
    cloned: list[Accepted | News] = field(default_factory=list)
    stored: int = 0
    duplicates: int = 0
    quarantined: int = 0
    declared_lost: int = 0
    gaps: int = 0
    news: int = 0
    ahead: int = 0


@dataclass(frozen=True)
class _Known:
    """What is stored: sequence → id, empty for a declared loss; `ahead`: those beyond the cursor, in rising order."""

    ids: dict[int, str]
    ahead: list[int]

    def overtook(self, after: int, upto: int) -> int:
        """How many news events are stored in (after, upto]."""
        return bisect_right(self.ahead, upto) - bisect_right(self.ahead, after) if self.ahead and after < upto else 0


def advance(cursor: int, batches: Sequence[Batch], known: Mapping[int, str]) -> Advance:
    """Take batches in order of their first sequence, then the news.

    known: sequence → id of what is stored, empty for a declared loss; whole for every sequence in the batches.
    """
    stored = _Known(dict(known), sorted(sequence for sequence in known if sequence > cursor))
    result = Advance(cursor)
    for batch in sorted(batches, key=_place):
        result.highest_seen = max(result.highest_seen, batch.last)
        if isinstance(batch, News):
            _overtake(result, batch, stored.ids)
        elif batch.first > result.cursor + 1:
            result.gaps += 1
        elif isinstance(batch, Misplaced):
            _pass_over(result, batch, stored)
        else:
            _take(result, batch, stored)
    return result


def _place(batch: Batch) -> tuple[bool, int]:
    return isinstance(batch, News), batch.first


def _overtake(result: Advance, news: News, ids: dict[int, str]) -> None:
    new = [taken for taken in news.taken if taken.event.sequence > result.cursor and taken.event.sequence not in ids]
    if any(_is_another(taken, ids) for taken in news.taken):
        result.cloned.append(news)
    ids.update({taken.event.sequence: taken.event.id for taken in new})
    result.taken += new
    result.news += len(new)
    result.duplicates += len(news.taken) - len(new)
    if new:
        result.site = news.site
        result.ahead = max(result.ahead, new[-1].event.sequence)


def _pass_over(result: Advance, batch: Misplaced, known: _Known) -> None:
    result.misplaced.append(batch)
    passed = max(0, batch.last - result.cursor)
    overtook = known.overtook(result.cursor, batch.last)
    result.stored += overtook
    result.quarantined += passed - overtook
    result.duplicates += batch.last - batch.first + 1 - passed
    result.cursor += passed


def _take(result: Advance, batch: Accepted, known: _Known) -> None:
    cursor, ids = result.cursor, known.ids
    result.site = batch.site
    beyond = [taken for taken in batch.taken if taken.event.sequence > cursor]
    unseen = [event for event in batch.poison if event.sequence > cursor]
    new = [taken for taken in beyond if taken.event.sequence not in ids] if known.ahead else beyond
    poison = [event for event in unseen if event.sequence not in ids] if known.ahead else unseen
    lost = [taken for taken in batch.taken if isinstance(taken.data, Lost)]
    if known.ahead:
        new += [beside for taken in lost if (beside := _beside(taken, cursor, ids)) is not None]
    if len(new) < len(batch.taken) and any(_is_another(taken, ids) for taken in batch.taken):
        result.cloned.append(batch)
    ids.update({taken.event.sequence: taken.event.id for taken in new})
    ids.update({taken.event.sequence: "" for taken in (*lost, *new) if isinstance(taken.data, Lost)})
    result.taken += new
    result.poison += poison
    result.quarantined += len(poison)
    result.duplicates += len(batch.taken) + len(batch.poison) - len(beyond) - len(unseen)
    result.declared_lost += sum(_unaccounted(taken, cursor, known) for taken in lost)
    result.stored += sum(not isinstance(taken.data, Lost) for taken in new) + known.overtook(cursor, batch.last)
    result.cursor = max(cursor, batch.last)


def _beside(lost: Taken, cursor: int, ids: Mapping[int, str]) -> Taken | None:
    """A declaration whose own number overtook it, under the first free number of its range; None if it has its own."""
    first = lost.event.sequence
    if first <= cursor or first not in ids:
        return None
    free = next((number for number in range(first, lost.last + 1) if number not in ids), None)
    return None if free is None else replace(lost, event=replace(lost.event, sequence=free))


def _unaccounted(lost: Taken, cursor: int, known: _Known) -> int:
    """How many events a declaration takes from what was to come: not those that overtook it and are here."""
    after = max(cursor, lost.event.sequence - 1)
    return max(0, lost.last - after) - known.overtook(after, lost.last)


def _is_another(taken: Taken, ids: Mapping[int, str]) -> bool:
    stored = ids.get(taken.event.sequence)
    return bool(stored) and stored != taken.event.id and not isinstance(taken.data, Lost)
