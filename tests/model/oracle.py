"""The oracle: what the devices committed, held against what the centre has.

An event must be stored once, under its sequence, with the data it had; or stand in quarantine; or the cursor passed over it
by a declaration of loss. `lost` counts what is gone although the device's disk had room: nothing excuses that, declared or
not. Order: routine events of a device come to rest in rising order, and an urgent one never after a later routine one.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from edge_agent.outbox.entry import Entry
from tests.model.world import World

Key = TypeVar("Key", int, str)
LOST, COUNT, DEFECT = "lost/1", "shelf_count/1", "defect/1"


@dataclass(frozen=True)
class Verdict:
    """What was found; what `faults` names must be zero or None. overtook: urgent events told ahead of a backlog."""

    events: int = 0
    declared: int = 0
    overtook: int = 0
    lost: int = 0
    undeclared: int = 0
    changed: int = 0
    applied_twice: int = 0
    out_of_order: int = 0
    problem: str | None = None

    @property
    def faults(self) -> frozenset[str]:
        """What is wrong, by name; empty when all is well."""
        return frozenset(name for name in _FAULTS if getattr(self, name))

    def __add__(self, other: "Verdict") -> "Verdict":
        sums = {name: getattr(self, name) + getattr(other, name) for name in _COUNTS}
        return Verdict(**sums, problem=self.problem or other.problem)


_COUNTS = ("events", "declared", "overtook", "lost", "undeclared", "changed", "applied_twice", "out_of_order")
_FAULTS = ("lost", "undeclared", "changed", "applied_twice", "out_of_order", "problem")


def judged(world: World) -> Verdict:
    """The verdict on a world that has come to rest."""
    connection = sqlite3.connect(world.centre.database)
    try:
        return sum((of_device(connection, one.name, one.produced, one.was_cramped) for one in world.devices), Verdict())
    finally:
        connection.close()


def of_device(connection: sqlite3.Connection, name: str, produced: Mapping[int, Entry], was_cramped: bool) -> Verdict:
    """The verdict on one device. was_cramped: its disk had no room, so that declared loss is no fault."""
    rows = connection.execute("SELECT sequence, id, kind, data FROM events WHERE device = ?", (name,)).fetchall()
    stored = {sequence: (event_id, kind, data) for sequence, event_id, kind, data in rows if kind != LOST}
    landed = connection.execute(
        "SELECT sequence, kind FROM landed WHERE device = ? AND kind != ? ORDER BY place", (name, LOST)
    ).fetchall()
    gone = produced.keys() - stored.keys()
    cursor, declared = _ledger(connection, name)
    return Verdict(
        events=len(produced),
        declared=declared,
        lost=0 if was_cramped else len(gone),
        undeclared=abs(len(gone) - declared) + max(0, max(produced, default=0) - cursor),
        changed=sum(stored[sequence] != _sent(produced.get(sequence)) for sequence in stored),
        applied_twice=_applied_twice(connection, name, stored),
        overtook=overtaking(landed),
        out_of_order=out_of_order(landed),
    )


def overtaking(landed: Sequence[tuple[int, str]]) -> int:
    """How many came to rest before an earlier one."""
    earliest, count = float("inf"), 0
    for sequence, _ in reversed(landed):
        count += sequence > earliest
        earliest = min(earliest, sequence)
    return count


def out_of_order(landed: Iterable[tuple[int, str]]) -> int:
    """How many came to rest after a later one that they should have preceded."""
    newest, late = 0, 0
    for sequence, kind in landed:
        late += sequence < newest
        if kind != DEFECT:
            newest = max(newest, sequence)
    return late


def _ledger(connection: sqlite3.Connection, name: str) -> tuple[int, int]:
    found = connection.execute("SELECT cursor, declared_lost FROM ledgers WHERE device = ?", (name,)).fetchone()
    return (0, 0) if found is None else (int(found[0]), int(found[1]))


def _sent(entry: Entry | None) -> tuple[str, str, str] | None:
    return None if entry is None else (entry.id, entry.kind, entry.data.decode())


def _applied_twice(connection: sqlite3.Connection, name: str, stored: Mapping[int, tuple[str, str, str]]) -> int:
    """Effects beyond the first: counts on the shelves, and announcements to integrators; one missing counts, too."""
    counts = connection.execute("SELECT sequence FROM counts WHERE device = ?", (name,))
    said = connection.execute(
        "SELECT json_extract(payload, '$.id') FROM announcements WHERE json_extract(payload, '$.source') LIKE ?",
        (f"%/{name}",),
    )
    expected = Counter(sequence for sequence, (_, kind, _) in stored.items() if kind == COUNT)
    expected_said = Counter(event_id for event_id, kind, _ in stored.values() if kind == DEFECT)
    return _apart(Counter(number for (number,) in counts), expected) + _apart(Counter(i for (i,) in said), expected_said)


def _apart(some: Counter[Key], others: Counter[Key]) -> int:
    return (some - others).total() + (others - some).total()
