"""The other side of `signatures`: a program that reads claims and says of each whether it holds, one byte each.

On the pipe: how many claims come (4 bytes, big-endian); then for each the length of its payload (4), the public key (32),
the signature (64) and the payload. It ends with its input.
"""

import sys
from functools import lru_cache
from typing import BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NUMBER_BYTES, KEY_BYTES, SIGNATURE_BYTES = 4, 32, 64
HOLDS, FAILS = b"\1", b"\0"


def serve(claims: BinaryIO, verdicts: BinaryIO) -> None:
    """Answer until the claims end."""
    while head := claims.read(NUMBER_BYTES):
        verdicts.write(b"".join(_verdict(claims) for _ in range(int.from_bytes(head, "big"))))
        verdicts.flush()


def _verdict(claims: BinaryIO) -> bytes:
    size = int.from_bytes(claims.read(NUMBER_BYTES), "big")
    key, signature, payload = claims.read(KEY_BYTES), claims.read(SIGNATURE_BYTES), claims.read(size)
    try:
        _key(key).verify(signature, payload)
    except (InvalidSignature, ValueError):
        return FAILS
    return HOLDS


@lru_cache(maxsize=10_000)
def _key(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
