"""A device's signature over an HTTP request: `Authorization: Tallyhouse-Ed25519 DEVICE UNIX-SECONDS SIGNATURE`.

The signature covers method, path and moment. It opens nothing but downloads for devices, so a request that is overheard and
sent again within the window tells an intruder no more than the first one did.
"""

from dataclasses import dataclass
from datetime import datetime

from protocols.errors import BadSignature
from protocols.signing import PrivateKey, PublicKey, sign, verify

SCHEME = "Tallyhouse-Ed25519"


@dataclass(frozen=True)
class Claim:
    """What a header claims: who asks, and when (Unix seconds)."""

    device: str
    at_s: int
    signature: str


def authorization(device: str, key: PrivateKey, method: str, path: str, now: datetime) -> str:
    """The header of a request."""
    at_s = int(now.timestamp())
    return f"{SCHEME} {device} {at_s} {sign(key, _signed(device, method, path, at_s))}"


def claim(header: str | None) -> Claim:
    """What a header claims, not yet checked. Raises BadSignature."""
    scheme, *parts = (header or "").split(" ")
    if scheme != SCHEME or len(parts) != 3 or not parts[1].isdecimal() or len(parts[1]) > 12:
        raise BadSignature(f"no signed request: Authorization must be `{SCHEME} DEVICE UNIX-SECONDS SIGNATURE`")
    return Claim(parts[0], int(parts[1]), parts[2])


def check(claimed: Claim, key: PublicKey, method: str, path: str) -> None:
    """Raises BadSignature unless the owner of `key` signed this request."""
    verify(key, _signed(claimed.device, method, path, claimed.at_s), claimed.signature)


def _signed(device: str, method: str, path: str, at_s: int) -> bytes:
    return f"{SCHEME}\n{device}\n{at_s}\n{method}\n{path}".encode()
