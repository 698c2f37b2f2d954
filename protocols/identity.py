"""Grammar of the identifiers that stand in topics and messages.

Sites, devices, cameras, assets and locations are `[a-z0-9-]{1,32}`; people see labels instead. A SKU is 1 to 64 printable
characters and is percent-encoded where it becomes a topic level. Event ids are UUIDv7 (RFC 9562).
"""

import re
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from msgspec import Meta

from protocols.errors import BadIdentifier

# The look-ahead stands for "end of text": `$` would also accept a trailing line break.
NAME_PATTERN = r"^[a-z0-9-]{1,32}(?![\s\S])"
SKU_PATTERN = r"^[^\x00-\x1f\x7f]{1,64}(?![\s\S])"

Name = Annotated[str, Meta(pattern=NAME_PATTERN, description="Site, device, camera, asset or location identifier.")]
Sku = Annotated[str, Meta(pattern=SKU_PATTERN, description="Stock keeping unit, 1 to 64 printable characters.")]
Sha256 = Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}(?![\s\S])", description="Hash that names evidence or a model.")]

_name = re.compile(NAME_PATTERN)
_sku = re.compile(SKU_PATTERN)


def checked_name(text: str, what: str) -> str:
    """`text` itself, when it is a valid identifier; `what` names it in the error. Raises BadIdentifier."""
    if not _name.match(text):
        raise BadIdentifier(f"{what} {text!r} must be 1 to 32 of a-z, 0-9 and '-'")
    return text


def sku_level(sku: str) -> str:
    """A SKU as one topic level. Raises BadIdentifier."""
    if not _sku.match(sku) or not sku.isprintable():
        raise BadIdentifier(f"SKU {sku!r} must be 1 to 64 printable characters")
    return quote(sku, safe="")


def uuid7(unix_ms: int, random: bytes) -> UUID:
    """UUIDv7 of a Unix time in ms and 10 random bytes (RFC 9562 §5.7)."""
    bits = (unix_ms & (1 << 48) - 1) << 80 | int.from_bytes(random[:10], "big")
    bits = bits & ~(0xF << 76) | 0x7 << 76
    return UUID(int=bits & ~(0b11 << 62) | 0b10 << 62)
