"""Rows of the outbox as one batch of at most 64 kB."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from edge_agent.outbox.queue import Row
from protocols.codec import encode, wire_time
from protocols.envelope import MAX_BATCH_BYTES, BatchHead, Lane

HEAD_BYTES = 512  # more than everything around the events of a batch
ROOM_BYTES = MAX_BATCH_BYTES - HEAD_BYTES


def packed(device: str, rows: Sequence[Row], now: datetime, lane: Lane = "order") -> bytes | None:
    """Rising rows of one boot in the bytes that are signed and sent; None when they are more than the contract allows."""
    head = BatchHead(
        device=device,
        boot=rows[0].boot,
        lane=lane,
        first=rows[0].sequence,
        sent_at=wire_time(now),
        events=[msgspec.Raw(row.event) for row in rows],
    )
    payload = encode(head)
    return payload if len(payload) <= MAX_BATCH_BYTES else None
