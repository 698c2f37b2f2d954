"""Claim codes: what is shown is what is read, and nothing else is one."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.enrolment import ALPHABET, ClaimCode, code_from, pin_of, read_code, read_fingerprint
from protocols.errors import BadClaim

ENTROPY = st.binary(min_size=10, max_size=10)
FINGERPRINTS = st.binary(min_size=32, max_size=32).map(bytes.hex)


@given(ENTROPY, FINGERPRINTS)
def test_a_code_is_read_as_it_was_shown(entropy: bytes, fingerprint: str) -> None:
    """Also by somebody who reads O for 0 and l for 1, in small letters and without hyphens."""
    code = code_from(entropy, fingerprint)
    shown = str(code)
    assert read_code(shown) == code
    assert read_code(f" {shown.lower().replace('0', 'o').replace('1', 'l').replace('-', '')}\n") == code


@given(ENTROPY, FINGERPRINTS, FINGERPRINTS)
def test_the_pin_is_the_authoritys_alone(entropy: bytes, one: str, other: str) -> None:
    """Its first eighty bits: equal exactly where these are."""
    assert code_from(entropy, one).pin == pin_of(one)
    assert (pin_of(one) == pin_of(other)) == (one[:20] == other[:20])


@given(ENTROPY, ENTROPY, FINGERPRINTS)
def test_every_bit_of_entropy_is_in_the_code(one: bytes, other: bytes, fingerprint: str) -> None:
    """Number and secret together are 80 bits, of which 60 are secret."""
    assert (code_from(one, fingerprint) == code_from(other, fingerprint)) == (one == other)
    assert len(code_from(one, fingerprint).secret) * 5 == 60


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_code_or_is_refused(text: str) -> None:
    """Nothing else happens, whatever the text."""
    with suppress(BadClaim):
        code = read_code(text)
        assert isinstance(code, ClaimCode)
        assert set(code.number + code.secret + code.pin) <= set(ALPHABET)


@pytest.mark.parametrize("text", ["", "12", "g" * 64, "0" * 63, "0" * 65])
def test_a_fingerprint_is_sixty_four_digits(text: str) -> None:
    """Anything else was copied wrongly."""
    with pytest.raises(BadClaim, match="64 hexadecimal digits"):
        read_fingerprint(text)
    assert read_fingerprint("SHA256 " + ":".join(["AB"] * 32)) == "ab" * 32
