"""Bytes to messages and back, with size limits.

Times go out in UTC, cut to the millisecond (`wire_time`); a fraction of zero is not written, so compare times, never texts.
Unknown fields are ignored here; an event's `data` is kept as the bytes that came, so what a newer device adds is stored
even where nobody reads it yet.
"""

import zlib
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from protocols.envelope import MAX_BATCH_BYTES, Batch, BatchHead, Event
from protocols.errors import Oversized, Unreadable

Message = TypeVar("Message")

_encoder = msgspec.json.Encoder()
_batch = msgspec.json.Decoder(Batch)
_head = msgspec.json.Decoder(BatchHead)
_event = msgspec.json.Decoder(Event)


def encode(message: object) -> bytes:
    """JSON bytes of a message."""
    return _encoder.encode(message)


def decode(payload: bytes, message: type[Message], limit_bytes: int = MAX_BATCH_BYTES) -> Message:
    """The message in `payload`. Raises Oversized, Unreadable."""
    if len(payload) > limit_bytes:
        raise Oversized(f"{len(payload)} bytes; at most {limit_bytes} are allowed here")
    try:
        return msgspec.json.decode(payload, type=message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not a readable message: {error}") from error


def inflated(payload: bytes, encoding: str | None) -> bytes:
    """The JSON of a batch as sent: `encoding` None or 'zlib'. Raises Oversized (also for a bomb), Unreadable."""
    if len(payload) > MAX_BATCH_BYTES:
        raise Oversized(f"batch of {len(payload)} bytes; at most {MAX_BATCH_BYTES} are allowed")
    if encoding is None:
        return payload
    if encoding != "zlib":
        raise Unreadable(f"content encoding {encoding!r} is unknown; send 'zlib' or none")
    unzip = zlib.decompressobj()
    try:
        inflated_bytes = unzip.decompress(payload, MAX_BATCH_BYTES + 1)
    except zlib.error as error:
        raise Unreadable(f"not zlib data: {error}") from error
    if len(inflated_bytes) > MAX_BATCH_BYTES:
        raise Oversized(f"batch inflates beyond {MAX_BATCH_BYTES} bytes")
    return inflated_bytes


def read_batch(payload: bytes) -> Batch:
    """A batch all of whose events are well formed: the fast way. Raises Unreadable: then try `read_head`."""
    return _read(_batch, payload)


def read_head(payload: bytes) -> BatchHead:
    """A batch with its events unread. Raises Unreadable."""
    return _read(_head, payload)


def read_event(raw: bytes | msgspec.Raw) -> Event:
    """One event of a batch. Raises Unreadable."""
    return _read(_event, raw)


def _read(decoder: "msgspec.json.Decoder[Message]", payload: bytes | msgspec.Raw) -> Message:
    try:
        return decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not readable: {error}") from error


def wire_time(moment: datetime) -> datetime:
    """`moment` in UTC, cut to the millisecond that the wire carries."""
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
