"""Pictures and stretches on their way: in chunks, after their event, a few at a time, until acknowledged.

Events never wait for evidence: the publisher calls `step` when it has no event to send. Nor does a piece wait for one that
the centre never takes: after a silence the next ones are tried, and the silent ones again when all had their turn. How far a
piece has come is in the spool: after a lost connection or a restart it goes on from there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge_agent.link.connection import Line
from edge_agent.outbox.evidence import EvidenceSpool, Spooled
from protocols.codec import encode, wire_time
from protocols.messages.evidence import MAX_CHUNK_BYTES, Evidence

MAX_FLIGHTS = 4
PATIENCE_S = 10.0
LONGEST_PATIENCE_S = 300.0


@dataclass
class _Cut:
    """A piece that is being sent: `offset` bytes are out, of which the centre had `base` before."""

    piece: Spooled
    base: int
    offset: int

    @property
    def is_out(self) -> bool:
        """Whether its last chunk was sent."""
        return self.offset >= len(self.piece.attachment.content)

    def next(self, device: str) -> Evidence:
        """The chunk that follows."""
        attachment, start = self.piece.attachment, self.offset
        self.offset = min(len(attachment.content), start + MAX_CHUNK_BYTES)
        return Evidence(
            sha256=self.piece.name,
            device=device,
            boot=self.piece.boot,
            media_type=attachment.media_type,
            taken_at=wire_time(attachment.taken_at),
            offset=start,
            total_bytes=len(attachment.content),
            data=attachment.content[start : self.offset],
        )


@dataclass
class Uploader:
    """Sends what the spool holds. Used by the publisher's thread only."""

    device: str
    spool: EvidenceSpool
    connection: Line
    _cursor: int = 0
    _cut: _Cut | None = None
    _flights: set[tuple[str, int]] = field(default_factory=set)  # chunks: the piece's name, and where they end
    _moved_s: float = 0.0
    _patience_s: float = PATIENCE_S

    def step(self, sequence_upto: int, now_s: float) -> None:
        """Send more, as far as the few in flight allow; when nothing comes back, the next ones. Raises OutboxFull."""
        if self._flights and now_s - self._moved_s >= self._patience_s:
            self._patience_s = min(LONGEST_PATIENCE_S, self._patience_s * 2)
            self._flights.clear()
            self._cut = None
        while len(self._flights) < MAX_FLIGHTS and (cut := self._next(sequence_upto)) is not None:
            self.connection.publish("evidence", encode(cut.next(self.device)))
            self._moved_s = self._moved_s if self._flights else now_s
            self._flights.add((cut.piece.name, cut.offset))

    def due(self) -> float | None:
        """When to call `step` again; None while nothing is in flight."""
        return self._moved_s + self._patience_s if self._flights else None

    def delivered(self, names: list[str], now_s: float) -> None:
        """The centre has these. Raises OutboxFull."""
        self.spool.delivered(names)
        self._flights = {flight for flight in self._flights if flight[0] not in names}
        if self._cut is not None and self._cut.piece.name in names:
            self._cut = None
        self._moved_s, self._patience_s = now_s, PATIENCE_S

    def begun(self, here: Mapping[str, int], now_s: float) -> None:
        """The centre has so many bytes of these; of one that it had more of before, everything goes again from there.

        Raises OutboxFull.
        """
        for name, upto_bytes in here.items():
            self.spool.progressed(name, upto_bytes)
            cut = self._cut
            forgot = cut is not None and cut.piece.name == name and upto_bytes < cut.base
            self._flights = {one for one in self._flights if one[0] != name or (one[1] > upto_bytes and not forgot)}
            if cut is not None and forgot:
                self._cut = _Cut(cut.piece, upto_bytes, upto_bytes)
        self._moved_s, self._patience_s = now_s, PATIENCE_S

    def reconnected(self) -> None:
        """What was in flight is unknown."""
        self._cursor, self._cut, self._patience_s = 0, None, PATIENCE_S
        self._flights.clear()

    def _next(self, sequence_upto: int) -> _Cut | None:
        if self._cut is None or self._cut.is_out:
            piece = self._piece(sequence_upto)
            self._cut = None if piece is None else _Cut(piece, piece.offset, piece.offset)
            self._cursor = self._cursor if piece is None else piece.sequence
        return self._cut

    def _piece(self, sequence_upto: int) -> Spooled | None:
        piece = self.spool.next_after(self._cursor, sequence_upto)
        if piece is None and not self._flights and self._cursor:
            self._cursor = 0
            piece = self.spool.next_after(0, sequence_upto)
        return piece
