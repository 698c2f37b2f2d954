"""The PUBLISH packet, read as paho writes it, and never by an error that is not ours."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from protocols.errors import Unreadable
from protocols.mqtt import Publish, read_publish

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs", "Cc"]), max_size=9)


@given(TEXT, st.binary(max_size=40), st.dictionaries(TEXT, TEXT, max_size=3), st.integers(1, 65535), st.booleans())
def test_what_paho_writes_is_read(topic: str, payload: bytes, said: dict[str, str], number: int, is_full: bool) -> None:
    """Topic, payload, number and user properties come out; the properties between them are passed over."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    if said:
        properties.UserProperty = list(said.items())
    if is_full:
        properties.PayloadFormatIndicator = 1
        properties.MessageExpiryInterval = 7
        properties.ContentType = "application/json"
        properties.ResponseTopic = "a/b"
        properties.CorrelationData = b"\x00\xff"
        properties.SubscriptionIdentifier = 300
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + number.to_bytes(2, "big") + properties.pack() + payload  # type: ignore[no-untyped-call]
    assert read_publish(0x32, body) == Publish(topic, payload, said, number, 1)


@given(st.binary(max_size=60), st.sampled_from([0x30, 0x32, 0x3A, 0x34]))
def test_any_bytes_are_read_or_unreadable(body: bytes, header: int) -> None:
    """A broken packet is an error of this package."""
    with suppress(Unreadable):
        assert read_publish(header, body).qos == header >> 1 & 3


def test_a_length_of_five_bytes_is_refused() -> None:
    """MQTT knows four: a number that grew with every byte sent would make the reader as slow as a sender likes."""
    with pytest.raises(Unreadable, match="more than 4 bytes"):
        read_publish(0x30, b"\x00\x01a" + b"\x80" * 4 + b"\x00")
    assert read_publish(0x30, b"\x00\x01a" + b"\x80" * 3 + b"\x00" + b"payload").payload == b"payload"
