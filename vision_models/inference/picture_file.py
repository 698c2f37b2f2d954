"""A JPEG or PNG as pixels, the same for teaching, running and judging.

The header is read before anything is unpacked, so that a small file cannot claim the memory of a large picture. The rule:
eight bits a channel, grey or RGB (grey becomes three equal channels, transparency is dropped), whole to its last byte, laid
upright as its EXIF orientation says. Anything else is refused by name: 16 bits hold a range that nobody told us how to map,
CMYK is made for print, and the lower half of a truncated picture is filled with grey, which counts as an empty shelf.
JPEG markers: ITU-T T.81, annex B; PNG chunks: ISO/IEC 15948.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from vision_models.errors import PictureUnusable
from vision_models.inference.arrays import Picture

LARGEST_SIDE_PX, MOST_PIXELS = 16384, 50_000_000  # 150 MB unpacked: what a device with 1 GB of memory can spare
_PNG, _JPEG, _END_OF_JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"\xff\xd9"
_PNG_END = b"IEND\xaeB`\x82"
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN, _WITHOUT_LENGTH = 0xDA, frozenset({0x01, *range(0xD0, 0xD9)})
_CMYK_CHANNELS = 4


@dataclass(frozen=True)
class Header:
    """What a file says of its picture before it is unpacked. channels: 4 in a JPEG means CMYK, in a PNG transparency."""

    kind: str
    width_px: int
    height_px: int
    bits: int
    channels: int
    is_whole: bool


def decoded(content: bytes, origin: str) -> Picture:
    """The picture (h, w, 3) BGR in the bytes of a file. Raises PictureUnusable that begins with `origin`."""
    _refuse(header(content, origin), origin)
    try:
        pixels = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise PictureUnusable(f"{origin}: {error.err or 'damaged'}; take or copy it again") from error
    if pixels is None:
        raise PictureUnusable(f"{origin}: its header is that of a picture, the rest is not; take or copy it again")
    return pixels.astype(np.uint8, copy=False)


def header(content: bytes, origin: str) -> Header:
    """The header of a file. Raises PictureUnusable when it has none of a JPEG or PNG."""
    try:
        found = _png(content) if content.startswith(_PNG) else _jpeg(content) if content.startswith(_JPEG) else None
    except IndexError as error:
        raise PictureUnusable(f"{origin}: ends within its header; copy it again") from error
    if found is None:
        raise PictureUnusable(f"{origin}: {len(content)} bytes that are no picture; JPEG or PNG wanted")
    return found


def _refuse(found: Header, origin: str) -> None:
    """Raises PictureUnusable when the rule does not let this picture in."""
    size = f"{found.width_px}x{found.height_px}"
    if max(found.width_px, found.height_px) > LARGEST_SIDE_PX or found.width_px * found.height_px > MOST_PIXELS:
        raise PictureUnusable(
            f"{origin}: claims {size} pixels, at most {LARGEST_SIDE_PX} a side and {MOST_PIXELS // 1_000_000} million in "
            "all are unpacked; make it smaller"
        )
    if found.bits > 8:
        raise PictureUnusable(f"{origin}: {found.bits} bits a channel; save it with 8, in the range that shows the part")
    if found.kind == "JPEG" and found.channels == _CMYK_CHANNELS:
        raise PictureUnusable(f"{origin}: CMYK, colours for print; save it as RGB")
    if not found.is_whole:
        raise PictureUnusable(f"{origin}: {found.kind} of {size} that ends before its picture does; copy it again")


def _png(content: bytes) -> Header:
    """From the IHDR chunk, which is always the first."""
    channels = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}.get(content[25], 0)
    width_px, height_px = _number(content, 16, 4), _number(content, 20, 4)
    return Header("PNG", width_px, height_px, content[24], channels, _PNG_END in content[-64:])


def _jpeg(content: bytes) -> Header | None:
    """From the start of frame; the end is looked for after the start of scan, since a preview in EXIF has one too."""
    place, frame = 2, None
    while place < len(content):
        marker = content[place + 1] if content[place] == 0xFF else 0
        if marker in (0, 0xFF) or marker in _WITHOUT_LENGTH:
            place += 1 if marker in (0, 0xFF) else 2
            continue
        if marker in _START_OF_FRAME:
            frame = (_number(content, place + 7, 2), _number(content, place + 5, 2), content[place + 4], content[place + 9])
        if marker == _START_OF_SCAN:
            return None if frame is None else Header("JPEG", *frame, _END_OF_JPEG in content[place:])
        place += 2 + _number(content, place + 2, 2)
    return None if frame is None else Header("JPEG", *frame, is_whole=False)


def _number(content: bytes, place: int, length: int) -> int:
    if len(content) < place + length:
        raise IndexError(place)
    return int.from_bytes(content[place : place + length])
