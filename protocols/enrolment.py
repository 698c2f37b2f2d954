"""How a device becomes known: what it and the centre say over HTTPS, and the code that a person carries between them.

A code is 32 signs of Crockford's base32 in groups of four: the number of the claim (4), its secret (12 signs, 60 bits) and
the pin (16 signs): the first 80 bits of the SHA-256 of the centre's authority certificate. The device asks for that
certificate, compares, and only then says the secret: whoever stands in between has no certificate that fits the pin.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from msgspec import Struct

from protocols.errors import BadClaim
from protocols.identity import Name

PATH = "/api/v1/enrol"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER_SIGNS, SECRET_SIGNS, PIN_SIGNS = 4, 12, 16
BITS_A_SIGN = 5
MISREAD = str.maketrans("OIL", "011")
SIGNATURE_HEADER = "Tallyhouse-Signature"

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ClaimCode:
    """One code, taken apart."""

    number: str
    secret: str
    pin: str

    def __str__(self) -> str:
        whole = self.number + self.secret + self.pin
        return "-".join(whole[start : start + 4] for start in range(0, len(whole), 4))


class Applicant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a device asks with. request: a certificate request (PEM) signed by the key that the device made."""

    number: str
    secret: str
    request: str


class Admitted(Struct, frozen=True, kw_only=True):
    """What it is given: its name, certificate and authority (PEM), and the configuration of its agent (TOML)."""

    device: Name
    site: Name
    certificate: str
    authority: str
    agent_toml: str


class Renewal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device asks for its next certificate; the signature of these bytes by its key stands in `SIGNATURE_HEADER`."""

    device: Name
    asked_at: datetime


class Renewed(Struct, frozen=True, kw_only=True):
    """The next certificate of the same key (PEM), and the authority that vouches for it."""

    certificate: str
    authority: str


def code_from(entropy: bytes, fingerprint: str) -> ClaimCode:
    """A fresh code from 10 random bytes, for the authority with this fingerprint."""
    signs = _signs(int.from_bytes(entropy, "big"), NUMBER_SIGNS + SECRET_SIGNS)
    return ClaimCode(signs[:NUMBER_SIGNS], signs[NUMBER_SIGNS:], pin_of(fingerprint))


def read_code(text: str) -> ClaimCode:
    """The code that somebody typed: case, spaces and hyphens do not matter, O is 0, I and L are 1. Raises BadClaim."""
    signs = re.sub(r"[\s-]", "", text).upper().translate(MISREAD)
    if len(signs) != NUMBER_SIGNS + SECRET_SIGNS + PIN_SIGNS or not set(signs) <= set(ALPHABET):
        raise BadClaim("a claim code has eight groups of four letters and digits; copy it whole")
    return ClaimCode(
        signs[:NUMBER_SIGNS], signs[NUMBER_SIGNS : NUMBER_SIGNS + SECRET_SIGNS], signs[NUMBER_SIGNS + SECRET_SIGNS :]
    )


def fingerprint_of(certificate: bytes) -> str:
    """SHA-256 of a certificate in DER form, as lower case hexadecimal digits."""
    return sha256(certificate).hexdigest()


def read_fingerprint(text: str) -> str:
    """A fingerprint as people copy it, with or without colons, as lower case digits. Raises BadClaim."""
    digits = re.sub(r"[\s:]", "", text).lower().removeprefix("sha256")
    if not _FINGERPRINT.fullmatch(digits):
        raise BadClaim("a fingerprint is 64 hexadecimal digits; see `tallyhouse tls status`")
    return digits


def pin_of(fingerprint: str) -> str:
    """The part of a fingerprint that a claim code holds."""
    bits = PIN_SIGNS * BITS_A_SIGN
    return _signs(int(fingerprint, 16) >> (256 - bits), PIN_SIGNS)


def _signs(number: int, count: int) -> str:
    return "".join(ALPHABET[number >> (BITS_A_SIGN * place) & 31] for place in reversed(range(count)))
