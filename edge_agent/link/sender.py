"""Rows of the outbox onto the wire: packed, signed and sent, with the broker's answers sorted by what they are about."""

from collections.abc import Sequence

from edge_agent.clock import DeviceClock
from edge_agent.link import news as told
from edge_agent.link.batch import ROOM_BYTES, packed
from edge_agent.link.connection import Line
from edge_agent.outbox.queue import Queue, Row
from protocols.envelope import BATCH_CONTENT_TYPE, MAX_BATCH_EVENTS, Lane


class Sender:
    """Sends batches of one device. Used by the publisher's thread only."""

    def __init__(self, device: str, connection: Line, queue: Queue, clock: DeviceClock) -> None:
        self._device, self._connection, self._queue, self._clock = device, connection, queue, clock
        self._news = told.News()
        self._in_order: set[int] = set()
        self._overtaking: set[int] = set()
        self._caught_up = 0  # batches of old news since the centre last spoke

    def waiting(self, after: int, count: int) -> list[Row]:
        """The next rows of the order lane, as many as one batch carries."""
        return self._queue.oldest_first(after, ROOM_BYTES, count)

    def send(self, rows: Sequence[Row]) -> bool:
        """Send a batch of the order lane; False when it is larger than the contract allows."""
        return self._send(rows, "order", self._in_order)

    def probe(self, sequence: int) -> bool:
        """Send an event that a living centre must answer: one it has, else the one behind `sequence`; False without one."""
        row = self._queue.probe() or next(iter(self.waiting(sequence, 1)), None)
        return row is not None and self.send([row])

    def ask(self) -> bool:
        """Send the newest event that the centre said it has; whether it is still here."""
        row = self._queue.probe()
        return row is not None and self.send([row])

    def overtake(self, sent: int) -> int:
        """Send alarms and defects that wait behind what was `sent`, as far as few flights allow; how many."""
        count = 0
        while len(self._overtaking) < told.MAX_FLIGHTS and (rows := self._urgent(sent)):
            count += len(rows) if self._send(rows[::-1], "news", self._overtaking) else 0
        return count

    def answered(self, mid: int) -> bool:
        """The broker has answered; whether it was about a batch."""
        is_batch = mid in self._in_order or mid in self._overtaking
        self._in_order.discard(mid)
        self._overtaking.discard(mid)
        return is_batch

    def heard(self) -> None:
        """The centre has worked off some of what was sent, or nothing comes back at all: more old news may go."""
        self._caught_up = 0

    def reconnected(self) -> None:
        """No answer will come to what was in flight."""
        self._in_order.clear()
        self._overtaking.clear()
        self.unheard()

    def unheard(self) -> None:
        """Nobody may have heard the news."""
        self._news = told.News()
        self.heard()

    def _urgent(self, sent: int) -> list[Row]:
        for look in told.looks(self._news, sent):
            if look.is_old and self._caught_up >= told.MAX_FLIGHTS:
                break
            rows = self._queue.urgent_after(look.after, ROOM_BYTES, MAX_BATCH_EVENTS, look.before)
            if rows or look.is_old:
                self._news = told.told(self._news, look, [row.sequence for row in rows])
            if rows:
                self._caught_up += look.is_old
                return rows
        return []

    def _send(self, rows: Sequence[Row], lane: Lane, flights: set[int]) -> bool:
        payload = packed(self._device, rows, self._clock, lane)
        if payload is not None:
            flights.add(self._connection.publish("events", payload, BATCH_CONTENT_TYPE))
        return payload is not None
