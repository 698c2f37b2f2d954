"""What goes into quarantine of the messages that wait (pure but for the words of the store)."""

from collections.abc import Iterable, Iterator, Mapping

from central.ingest.accept import Misplaced, Quarantined
from central.ingest.cursor import Advance, Batch
from central.ingest.waiting import Waiting
from central.store.quarantine import Held

CLONED = "the same sequence came with other content: two devices speak with the key of {device}; revoke it and add both anew"


def held(waiting: Iterable[Waiting], advances: Mapping[str, Advance]) -> Iterator[Held]:
    """Messages that could not be taken, and what was set aside of batches that could."""
    for one in waiting:
        if isinstance(one.verdict, Quarantined):
            yield Held(one.verdict.reason, one.verdict.detail, one.said_on, one.payload, one.verdict.device)
        elif isinstance(one.verdict, Batch):
            yield from _of_batch(one, one.verdict, advances[one.verdict.device])


def _of_batch(one: Waiting, batch: Batch, done: Advance) -> Iterator[Held]:
    if isinstance(batch, Misplaced):
        if batch in done.misplaced:
            yield Held(batch.reason, batch.detail, one.said_on, one.payload, batch.device, batch.first)
        return
    if batch in done.cloned:
        detail = CLONED.format(device=batch.device)
        yield Held("cloned", detail, one.said_on, one.payload, batch.device, batch.first)
    for event in batch.poison:
        if event in done.poison:
            yield Held(event.reason, event.detail, one.said_on, event.raw, batch.device, event.sequence)
