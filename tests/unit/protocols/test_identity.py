"""The grammar of identifiers holds for every text."""

import re
from urllib.parse import unquote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import BadIdentifier
from protocols.identity import checked_name, sku_level, uuid7


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=32))
def test_a_name_of_allowed_signs_passes_unchanged(name: str) -> None:
    """Up to 32 of a-z, 0-9 and '-' are a name."""
    assert checked_name(name, "site") == name


@pytest.mark.parametrize("name", ["", "A", "a b", "a/b", "a+", "#", "ä", "a\n", "x" * 33])
def test_anything_else_is_refused_and_named(name: str) -> None:
    """The error names the offending identifier."""
    with pytest.raises(BadIdentifier, match=re.escape(repr(name))):
        checked_name(name, "device")


@given(st.text(min_size=1, max_size=64).filter(str.isprintable))
def test_a_sku_survives_its_topic_level(sku: str) -> None:
    """Encoding a SKU as a topic level is reversible and leaves no MQTT sign in it."""
    level = sku_level(sku)
    assert unquote(level) == sku
    assert not set(level) & set("/+#")


@pytest.mark.parametrize("sku", ["", "a\n", "\u202egnp.exe", "\ud800", "\u200b", "x" * 65])
def test_a_sku_that_cannot_be_printed_is_refused(sku: str) -> None:
    """Nothing invisible, nothing that turns the text around, nothing that is no text at all."""
    with pytest.raises(BadIdentifier, match="printable"):
        sku_level(sku)


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_a_uuid7_carries_its_time_and_version(unix_ms: int, random: bytes) -> None:
    """The first 48 bits are the time, version and variant are those of RFC 9562."""
    made = uuid7(unix_ms, random)
    assert made.int >> 80 == unix_ms
    assert (made.version, made.variant) == (7, UUID(int=made.int).variant)


@given(st.integers(0, 2**48 - 2), st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_later_uuid7s_sort_later(unix_ms: int, one: bytes, two: bytes) -> None:
    """Ids of later milliseconds sort after earlier ones, as text too."""
    assert str(uuid7(unix_ms, one)) < str(uuid7(unix_ms + 1, two))
