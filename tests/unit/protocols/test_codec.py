"""Bytes and messages: reversible, bounded, and never an unexpected error."""

import zlib
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import codec
from protocols.envelope import MAX_BATCH_BYTES, Batch
from protocols.errors import Oversized, ProtocolError, UnknownKind, Unreadable
from protocols.messages.registry import KINDS, EventData, kind_of, read_data
from protocols.messages.shelf_count import ShelfCount
from tests import makers

MESSAGES = [makers.shelf_count(), makers.defect(), makers.equipment_anomaly(), makers.sensor_summary()]


@pytest.mark.parametrize("data", MESSAGES, ids=kind_of)
def test_an_event_comes_back_as_it_went(data: EventData) -> None:
    """Encode then decode is identity for the batch and for the message inside."""
    sent = makers.batch([makers.event(7, data)])
    came = codec.read_batch(codec.encode(sent))
    assert codec.encode(came) == codec.encode(sent)
    assert read_data(came.events[0].kind, came.events[0].data) == data


@given(st.binary(max_size=400))
def test_junk_is_unreadable_and_nothing_worse(junk: bytes) -> None:
    """No bytes make the decoder raise anything but an error of the language."""
    for read in (codec.read_batch, codec.read_head, codec.read_event):
        with pytest.raises(ProtocolError):
            read(junk)


def test_one_bad_event_leaves_the_head_readable() -> None:
    """A batch with a broken event can still be opened to save the good ones."""
    payload = codec.encode(makers.batch([makers.event(1), makers.event(2)])).replace(b'"sequence":2', b'"sequence":"two"')
    with pytest.raises(Unreadable):
        codec.read_batch(payload)
    head = codec.read_head(payload)
    assert codec.read_event(head.events[0]).sequence == 1
    with pytest.raises(Unreadable, match="sequence"):
        codec.read_event(head.events[1])


def test_unknown_fields_of_a_message_are_kept_as_they_came() -> None:
    """What a newer device adds is still in `data`."""
    payload = codec.encode(makers.batch([makers.event(1)])).replace(b'"facings":3', b'"colour":"blue","facings":3')
    stored = bytes(codec.read_batch(payload).events[0].data)
    assert b'"colour":"blue"' in stored
    assert isinstance(read_data("shelf_count/1", stored), ShelfCount)


def test_a_known_name_in_another_major_is_refused() -> None:
    """shelf_count/9 is not guessed at."""
    with pytest.raises(UnknownKind, match="known: shelf_count/1"):
        read_data("shelf_count/9", b"{}")


def test_an_unknown_kind_is_not_an_error() -> None:
    """A third party's message is kept and shown raw."""
    assert read_data("pallet_weight/1", b'{"kg": 4}') is None


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_types_are_named(kind: str) -> None:
    """Data that does not fit its kind is unreadable, and the error says the kind."""
    with pytest.raises(Unreadable, match=kind):
        read_data(kind, b'{"asset": 5, "location": 5, "camera": 5, "first": "x"}')


def test_a_naive_time_is_refused() -> None:
    """A time without a zone could mean anything."""
    payload = codec.encode(makers.batch([makers.event(1)])).replace(b"2026-11-24T12:00:00Z", b"2026-11-24T12:00:00")
    with pytest.raises(Unreadable, match="timezone"):
        codec.read_batch(payload)


def test_zlib_batches_inflate_and_bombs_do_not() -> None:
    """Compression is undone up to the limit and refused beyond it."""
    payload = codec.encode(makers.batch([makers.event(1)]))
    assert codec.inflated(zlib.compress(payload), "zlib") == payload
    with pytest.raises(Oversized, match="inflates"):
        codec.inflated(zlib.compress(b" " * (MAX_BATCH_BYTES + 1)), "zlib")
    with pytest.raises(Unreadable, match="zlib"):
        codec.inflated(b"not compressed", "zlib")
    with pytest.raises(Unreadable, match="'br'"):
        codec.inflated(payload, "br")


def test_a_batch_above_the_limit_is_oversized() -> None:
    """64 kB is the end of it."""
    with pytest.raises(Oversized, match="65537"):
        codec.inflated(b" " * (MAX_BATCH_BYTES + 1), None)
    with pytest.raises(Oversized):
        codec.decode(b" " * (MAX_BATCH_BYTES + 1), Batch)


@given(st.datetimes(timezones=st.timezones()))
def test_wire_time_keeps_the_moment_to_the_millisecond(moment: datetime) -> None:
    """No zone moves a moment, and at most a millisecond is cut off."""
    try:
        wired = codec.wire_time(moment)
    except OverflowError:
        return
    assert 0 <= (moment - wired).total_seconds() < 0.001
    assert wired.microsecond % 1000 == 0
