"""An outbox as people look at it, also while an agent works on it."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from edge_agent.errors import OutboxCorrupt, OutboxError
from edge_agent.outbox.aside import set_aside_bytes
from edge_agent.outbox.budget import Budget
from edge_agent.outbox.database import open_read_only
from edge_agent.outbox.ranks import Rank
from edge_agent.outbox.recovery import continue_after
from edge_agent.outbox.state import QueueState, read_state
from protocols.codec import read_event
from protocols.errors import Unreadable

SHOWN_ASIDE = 20
_MEGABYTE = 1_000_000


class AsideView(Struct, frozen=True):
    """One event that the centre never acknowledged, however often it was sent."""

    sequence: int
    kind: str
    at: str
    why: str


class RoomView(Struct, frozen=True):
    """What the data folder holds, in bytes, beside its budget; what was acknowledged and is kept; what had to leave."""

    files_bytes: int
    budget_bytes: int
    evidence_bytes: int
    evidence_budget_bytes: int
    grace_events: int
    grace_evidence: int
    evicted_events: int
    evicted_evidence: int

    def as_lines(self) -> list[str]:
        """Lines for a terminal."""
        lines = [
            f"room         {_megabytes(self.files_bytes)} of {_megabytes(self.budget_bytes)} MB, evidence"
            f" {_megabytes(self.evidence_bytes)} of {_megabytes(self.evidence_budget_bytes)} MB",
            f"grace        {self.grace_events} events and {self.grace_evidence} pieces that the centre has",
        ]
        if self.evicted_events or self.evicted_evidence:
            lines.append(f"evicted      {self.evicted_events} events (declared), {self.evicted_evidence} pieces")
        return lines


class OutboxView(Struct, frozen=True):
    """Counts, bytes and age of what waits, by class; what was set aside (newest first, at most 20); room and grace."""

    path: str
    count: int
    bytes: int
    oldest_at: str | None
    last_sequence: int
    acknowledged: int
    evidence: int
    corruptions: int
    classes: dict[str, int]
    room: RoomView
    set_aside_count: int
    set_aside: list[AsideView]

    def as_text(self) -> str:
        """Lines for a terminal."""
        oldest = f", oldest from {self.oldest_at}" if self.oldest_at else ""
        classes = ", ".join(f"{count} {name}" for name, count in self.classes.items()) or "none"
        lines = [
            f"{self.path}",
            f"waiting      {self.count} events, {self.bytes} bytes{oldest}",
            f"classes      {classes}",
            f"evidence     {self.evidence} pieces",
            f"sequence     {self.last_sequence}, acknowledged up to {self.acknowledged}",
            *self.room.as_lines(),
            f"set aside    {self.set_aside_count}",
            *(f"  {aside.sequence} {aside.kind} {aside.at}: {aside.why}" for aside in self.set_aside),
        ]
        if self.corruptions:
            lines.append(f"damaged      {self.corruptions} times; the damaged files lie beside it")
        return "\n".join(lines)


def shown(path: Path, budget: Budget = Budget()) -> OutboxView:  # noqa: B008  a frozen value
    """The outbox at `path`. Raises OutboxError."""
    if not path.exists():
        raise OutboxError(f"{path} does not exist: no agent has run with this data_dir yet")
    try:
        with closing(open_read_only(path)) as connection:
            return _view(path, connection, budget)
    except (sqlite3.DatabaseError, OutboxCorrupt) as error:
        raise OutboxCorrupt(
            f"{path}: {error}; restart the agent, it sets the file aside and keeps what can be read"
        ) from error


def renumbered(path: Path, upto: int) -> int:
    """Let the next event follow the centre's sequence `upto`; how many waiting events were numbered anew."""
    return continue_after(path, upto, datetime.now(UTC))


def _view(path: Path, connection: sqlite3.Connection, budget: Budget) -> OutboxView:
    state = read_state(connection)
    oldest_at = None if state.oldest_ms is None else datetime.fromtimestamp(state.oldest_ms / 1000, UTC).isoformat()
    waiting = int(connection.execute("SELECT count(*) FROM pieces WHERE delivered_ms IS NULL").fetchone()[0])
    query = "SELECT sequence, event, at, why FROM set_aside ORDER BY sequence DESC LIMIT ?"
    aside = connection.execute(query, (SHOWN_ASIDE,))
    return OutboxView(
        path=str(path),
        count=state.count,
        bytes=state.bytes,
        oldest_at=oldest_at,
        last_sequence=state.last,
        acknowledged=state.acknowledged,
        evidence=waiting,
        corruptions=state.corruptions,
        classes=_classes(connection, state.acknowledged),
        room=_room(path, connection, state, budget),
        set_aside_count=state.set_aside,
        set_aside=[AsideView(row[0], _kind(row[1]), row[2], row[3]) for row in aside],
    )


def _classes(connection: sqlite3.Connection, acknowledged: int) -> dict[str, int]:
    """How many events of each class wait, most precious first."""
    query = "SELECT class, count(*) FROM events WHERE sequence > ? GROUP BY class ORDER BY class"
    return {Rank(rank).name.lower(): count for rank, count in connection.execute(query, (acknowledged,))}


def _room(path: Path, connection: sqlite3.Connection, state: QueueState, budget: Budget) -> RoomView:
    evidence = int(connection.execute("SELECT coalesce(sum(bytes), 0) FROM pieces").fetchone()[0])
    kept = connection.execute("SELECT count(*) FROM events WHERE sequence <= ?", (state.acknowledged,)).fetchone()[0]
    pieces = connection.execute("SELECT count(*) FROM pieces WHERE delivered_ms IS NOT NULL").fetchone()[0]
    parts = (path, path.with_name(f"{path.name}-wal"), path.with_suffix(".reserve"))
    files = sum(part.stat().st_size for part in parts if part.exists()) + set_aside_bytes(path)
    gone = (state.evicted, state.evidence_evicted)
    return RoomView(files, budget.total_bytes, evidence, budget.evidence_bytes, kept, pieces, *gone)


def _megabytes(size: int) -> str:
    return f"{size / _MEGABYTE:.1f}"


def _kind(event: bytes) -> str:
    try:
        return read_event(event).kind
    except Unreadable:
        return "unreadable"
