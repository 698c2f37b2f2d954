"""What goes onto the wire ahead of a backlog, and how much of it at once."""

from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from edge_agent.clock import DeviceClock
from edge_agent.link.connection import Happening
from edge_agent.link.sender import Sender
from edge_agent.outbox.queue import Queue
from protocols.codec import read_batch
from protocols.topics import Up
from tests.integration.edge_parts import BOOT, DEVICE, entry, opened_outbox
from tests.makers import NOON


class Wire:
    """A connection that takes down what is said."""

    def __init__(self) -> None:
        self.happenings: SimpleQueue[Happening] = SimpleQueue()
        self.said: list[list[int]] = []

    def start(self) -> None:
        """Nothing to connect."""

    def rest(self) -> None:
        """Nothing to hang up."""

    def nudge(self) -> None:
        """Nobody waits."""

    def publish(self, branch: Up, payload: bytes, content_type: str = "", retain: bool = False) -> int:
        """The sequences of the batch."""
        self.said.append([event.sequence for event in read_batch(payload).events])
        return len(self.said)


def _overtake(sender: Sender, wire: Wire) -> int:
    """Let the sender tell what it may, with a broker that answers at once."""
    told = 0
    while count := sender.overtake(sent=0):
        told += count
        for mid in range(len(wire.said) + 1):
            sender.answered(mid)
    return told


def test_old_news_waits_for_the_centre_and_new_news_does_not(tmp_path: Path) -> None:
    """A week of alarms is told a little at a time, so that one that is raised now finds the way free."""
    with opened_outbox(tmp_path / "outbox.db") as (_, queue):
        wire = Wire()
        sender = Sender(DEVICE, wire, queue, DeviceClock(BOOT))
        _alarms(queue, 1, 1_000)
        first = _overtake(sender, wire)
        assert max(wire.said[0]) == 1_000
        assert first < 700
        _alarms(queue, 1_001, 1_001)
        assert _overtake(sender, wire) == 1
        assert wire.said[-1] == [1_001]
        sender.heard()
        assert _overtake(sender, wire) > 1
        told = [sequence for batch in wire.said for sequence in batch]
        assert len(told) == len(set(told))


def _alarms(queue: Queue, first: int, last: int) -> None:
    queue.append([replace(entry(number), urgent=True) for number in range(first, last + 1)], NOON)
