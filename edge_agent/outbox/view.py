"""An outbox as people look at it, also while an agent works on it."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from edge_agent.errors import OutboxCorrupt, OutboxError
from edge_agent.outbox.database import open_read_only
from edge_agent.outbox.recovery import continue_after
from edge_agent.outbox.state import QueueState, read_state
from protocols.codec import read_event
from protocols.errors import Unreadable

SHOWN_ASIDE = 20


class AsideView(Struct, frozen=True):
    """One event that the centre never acknowledged, however often it was sent."""

    sequence: int
    kind: str
    at: str
    why: str


class OutboxView(Struct, frozen=True):
    """Counts, bytes, age and what was set aside (newest first, at most 20)."""

    path: str
    count: int
    bytes: int
    oldest_at: str | None
    last_sequence: int
    acknowledged: int
    evidence: int
    corruptions: int
    set_aside_count: int
    set_aside: list[AsideView]

    def as_text(self) -> str:
        """Lines for a terminal."""
        oldest = f", oldest from {self.oldest_at}" if self.oldest_at else ""
        lines = [
            f"{self.path}",
            f"waiting      {self.count} events, {self.bytes} bytes{oldest}",
            f"evidence     {self.evidence} pieces",
            f"sequence     {self.last_sequence}, acknowledged up to {self.acknowledged}",
            f"set aside    {self.set_aside_count}",
            *(f"  {aside.sequence} {aside.kind} {aside.at}: {aside.why}" for aside in self.set_aside),
        ]
        if self.corruptions:
            lines.append(f"damaged      {self.corruptions} times; the damaged files lie beside it")
        return "\n".join(lines)


def shown(path: Path) -> OutboxView:
    """The outbox at `path`. Raises OutboxError."""
    if not path.exists():
        raise OutboxError(f"{path} does not exist: no agent has run with this data_dir yet")
    try:
        with closing(open_read_only(path)) as connection:
            state = read_state(connection)
            evidence = connection.execute("SELECT count(*) FROM evidence").fetchone()[0]
            aside = connection.execute(
                "SELECT sequence, event, at, why FROM set_aside ORDER BY sequence DESC LIMIT ?", (SHOWN_ASIDE,)
            )
            return _view(path, state, evidence, [AsideView(row[0], _kind(row[1]), row[2], row[3]) for row in aside])
    except sqlite3.DatabaseError as error:
        raise OutboxCorrupt(
            f"{path}: {error}; restart the agent, it sets the file aside and keeps what can be read"
        ) from error


def renumbered(path: Path, upto: int) -> int:
    """Let the next event follow the centre's sequence `upto`; how many waiting events were numbered anew."""
    return continue_after(path, upto, datetime.now(UTC))


def _view(path: Path, state: QueueState, evidence: int, aside: list[AsideView]) -> OutboxView:
    oldest_at = None if state.oldest_ms is None else datetime.fromtimestamp(state.oldest_ms / 1000, UTC).isoformat()
    counters = (state.last, state.acknowledged, evidence, state.corruptions, state.set_aside)
    return OutboxView(str(path), state.count, state.bytes, oldest_at, *counters, aside)


def _kind(event: bytes) -> str:
    try:
        return read_event(event).kind
    except Unreadable:
        return "unreadable"
