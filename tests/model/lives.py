"""The real programs of a house as lives that a nursery forks: an edge's outbox and publisher, and `tallyhouse ingest`.

What the edge concludes follows from the number of the event, so that whoever kills it knows what must be there: all up to
the newest number that it noted after a commit, and perhaps one commit more.
"""

import time
from dataclasses import replace
from pathlib import Path

from msgspec import Struct

from central import runtime
from central.config import load
from edge_agent.outbox.entry import Entry
from protocols.codec import encode
from protocols.signing import private_key
from tests.integration.edge_parts import Keys, entry, opened_outbox, running_link
from tests.makers import NOON, defect
from tests.model.outages import COMMIT_EVENTS, PACE_S

PATIENCE_S = 1.0
DEFECT_EVERY = 9


def concluded(number: int) -> Entry:
    """The event with that sequence: a shelf count, now and then a defect."""
    if number % DEFECT_EVERY:
        return entry(number)
    return replace(entry(number), kind="defect/1", data=encode(defect(score=float(number))))


class EdgeLife(Struct, frozen=True, tag=True):
    """Concludes up to so many events, noting each commit in a file, and publishes for ever."""

    outbox: str
    notes: str
    port: int
    key_file: str
    centre_key_file: str
    upto: int

    def live(self) -> None:
        """Until killed."""
        keys = Keys(*(private_key(Path(file).read_bytes()) for file in (self.key_file, self.centre_key_file)))
        with (
            opened_outbox(Path(self.outbox)) as (file, queue),
            running_link(file, queue, keys, self.port, PATIENCE_S) as publisher,
            Path(self.notes).open("ab", buffering=0) as notes,
        ):
            while queue.last < self.upto:
                numbers = range(queue.last + 1, min(queue.last + COMMIT_EVENTS, self.upto) + 1)
                queue.append([concluded(number) for number in numbers], NOON)
                notes.write(b"%d\n" % queue.last)
                publisher.nudge()
                time.sleep(PACE_S)
            while True:
                time.sleep(60)


class IngestLife(Struct, frozen=True, tag=True):
    """`tallyhouse ingest`."""

    config_file: str

    def live(self) -> None:
        """Until killed."""
        runtime.ingest(load(Path(self.config_file)))


Life = EdgeLife | IngestLife
