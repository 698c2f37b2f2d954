"""Signatures bind bytes to a key."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from protocols import signing
from protocols.errors import BadSignature

KEY = signing.new_key()


@given(st.binary(max_size=300))
def test_what_was_signed_verifies(payload: bytes) -> None:
    """A signature fits the bytes it was made for, through text forms of both keys."""
    key = signing.private_key(signing.private_pem(KEY))
    signing.verify(signing.public_key(signing.public_text(key)), payload, signing.sign(key, payload))


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_changed_byte_breaks_it(payload: bytes, data: st.DataObject) -> None:
    """One flipped bit anywhere is noticed."""
    place = data.draw(st.integers(0, len(payload) - 1))
    changed = payload[:place] + bytes([payload[place] ^ 1]) + payload[place + 1 :]
    with pytest.raises(BadSignature):
        signing.verify(KEY.public_key(), changed, signing.sign(KEY, payload))


def test_a_key_of_another_kind_is_refused() -> None:
    """An elliptic key of TLS signs too, but nobody here could verify it."""
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(BadSignature, match="not Ed25519"):
        signing.private_key(pem)


@pytest.mark.parametrize("signature", [None, "", "no base64!", "AAAA"])
def test_a_missing_or_malformed_signature_is_refused(signature: str | None) -> None:
    """Nothing but a real signature passes."""
    with pytest.raises(BadSignature):
        signing.verify(KEY.public_key(), b"payload", signature)


def test_another_key_does_not_verify() -> None:
    """The key on record decides."""
    with pytest.raises(BadSignature, match="does not fit"):
        signing.verify(signing.new_key().public_key(), b"payload", signing.sign(KEY, b"payload"))


@pytest.mark.parametrize("text", ["", "AAAA", "???"])
def test_what_is_no_key_says_so(text: str) -> None:
    """Neither a short text nor junk becomes a key."""
    with pytest.raises(BadSignature):
        signing.public_key(text)
    with pytest.raises(BadSignature):
        signing.private_key(text.encode())
