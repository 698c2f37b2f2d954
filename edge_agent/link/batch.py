"""Rows of the outbox as one batch of at most 64 kB."""

from collections.abc import Sequence

import msgspec

from edge_agent.clock import DeviceClock
from edge_agent.outbox.queue import Row
from protocols.codec import encode, wire_time
from protocols.envelope import MAX_BATCH_BYTES, BatchHead, Lane

HEAD_BYTES = 512  # more than everything around the events of a batch
ROOM_BYTES = MAX_BATCH_BYTES - HEAD_BYTES


def packed(device: str, rows: Sequence[Row], clock: DeviceClock, lane: Lane = "order") -> bytes | None:
    """Rising rows of one boot in the bytes that are signed and sent; None when they are more than the contract allows."""
    now = clock.now()
    head = BatchHead(
        device=device,
        boot=rows[0].boot,
        lane=lane,
        first=rows[0].sequence,
        sent_at=wire_time(now.at),
        sent_monotonic_ms=now.monotonic_ms if rows[0].boot == clock.boot else None,
        events=[msgspec.Raw(row.event) for row in rows],
    )
    payload = encode(head)
    return payload if len(payload) <= MAX_BATCH_BYTES else None
