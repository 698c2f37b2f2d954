"""What goes into quarantine of the messages that wait (pure but for the words of the store)."""

from collections.abc import Iterable, Iterator, Mapping, Set

from central.ingest.accept import Misplaced, News, Quarantined
from central.ingest.cursor import Advance, Batch
from central.ingest.waiting import Waiting
from central.store.quarantine import Held

CLONED = "the same sequence came with other content: two devices speak with the key of {device}; revoke it and add both anew"


def held(waiting: Iterable[Waiting], advances: Mapping[str, Advance]) -> Iterator[Held]:
    """Messages that could not be taken, and what was set aside of batches that could."""
    new_poison = {device: {event.sequence for event in done.poison} for device, done in advances.items()}
    for one in waiting:
        if isinstance(one.verdict, Quarantined):
            yield Held(one.verdict.reason, one.verdict.detail, one.message.topic, one.message.payload, one.verdict.device)
        elif isinstance(one.verdict, Batch):
            device = one.verdict.device
            yield from _of_batch(one, one.verdict, advances[device], new_poison[device])


def _of_batch(one: Waiting, batch: Batch, done: Advance, new_poison: Set[int]) -> Iterator[Held]:
    if isinstance(batch, Misplaced):
        if batch in done.misplaced:
            yield Held(batch.reason, batch.detail, one.message.topic, one.message.payload, batch.device, batch.first)
        return
    if batch in done.cloned:
        detail = CLONED.format(device=batch.device)
        yield Held("cloned", detail, one.message.topic, one.message.payload, batch.device, batch.first)
    for event in () if isinstance(batch, News) else batch.poison:
        if event.sequence in new_poison:
            yield Held(event.reason, event.detail, one.message.topic, event.raw, batch.device, event.sequence)
