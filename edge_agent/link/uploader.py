"""Pictures and stretches on their way: one message each, after their event, a few at a time, until acknowledged.

Events never wait for evidence: the publisher calls `step` when it has no event to send. Nor does a piece wait for one that
the centre never takes: after a silence the next ones are tried, and the silent ones again when all had their turn.
"""

from dataclasses import dataclass, field

from edge_agent.link.connection import Line
from edge_agent.outbox.evidence import EvidenceSpool, Spooled
from protocols.codec import encode, wire_time
from protocols.messages.evidence import Evidence

MAX_FLIGHTS = 4
PATIENCE_S = 10.0
LONGEST_PATIENCE_S = 300.0


@dataclass
class Uploader:
    """Sends what the spool holds. Used by the publisher's thread only."""

    device: str
    spool: EvidenceSpool
    connection: Line
    _cursor: int = 0
    _flights: set[str] = field(default_factory=set)
    _moved_s: float = 0.0
    _patience_s: float = PATIENCE_S

    def step(self, sequence_upto: int, now_s: float) -> None:
        """Send more, as far as the few in flight allow; when nothing comes back, the next ones."""
        if self._flights and now_s - self._moved_s >= self._patience_s:
            self._patience_s = min(LONGEST_PATIENCE_S, self._patience_s * 2)
            self._flights.clear()
        while len(self._flights) < MAX_FLIGHTS and (piece := self._next(sequence_upto)) is not None:
            self.connection.publish("evidence", encode(_message(self.device, piece)))
            self._moved_s = self._moved_s if self._flights else now_s
            self._cursor = piece.sequence
            self._flights.add(piece.name)

    def due(self) -> float | None:
        """When to call `step` again; None while nothing is in flight."""
        return self._moved_s + self._patience_s if self._flights else None

    def delivered(self, names: list[str], now_s: float) -> None:
        """The centre has these. Raises OutboxFull."""
        self.spool.delivered(names)
        self._flights.difference_update(names)
        self._moved_s, self._patience_s = now_s, PATIENCE_S

    def reconnected(self) -> None:
        """What was in flight is unknown."""
        self._cursor, self._patience_s = 0, PATIENCE_S
        self._flights.clear()

    def _next(self, sequence_upto: int) -> Spooled | None:
        piece = self.spool.next_after(self._cursor, sequence_upto)
        if piece is None and not self._flights and self._cursor:
            self._cursor = 0
            piece = self.spool.next_after(0, sequence_upto)
        return piece


def _message(device: str, piece: Spooled) -> Evidence:
    content = piece.attachment.content
    return Evidence(
        sha256=piece.name,
        device=device,
        boot=piece.boot,
        media_type=piece.attachment.media_type,
        taken_at=wire_time(piece.attachment.taken_at),
        offset=0,
        total_bytes=len(content),
        data=content,
    )
