"""Picture files of every kind that a camera, a phone or a scanner may leave, as real bytes."""

import struct
import zlib
from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision_models.errors import PictureUnusable
from vision_models.inference.arrays import Picture
from vision_models.inference.picture_file import decoded, header


def scene() -> Picture:
    """A picture (60, 100, 3), red on the left, blue on the right."""
    pixels = np.full((60, 100, 3), (200, 40, 20), dtype=np.uint8)
    pixels[:, :50] = (20, 40, 200)
    return pixels


def encoded(pixels: np.ndarray, suffix: str = ".jpg") -> bytes:
    """The bytes of a file."""
    return bytes(cv2.imencode(suffix, pixels)[1])


def turned(content: bytes, orientation: int) -> bytes:
    """A JPEG with an EXIF orientation, as a phone that was held upright writes it."""
    tiff = b"II*\x00\x08\x00\x00\x00\x01\x00" + struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0) + b"\x00" * 4
    exif = b"Exif\x00\x00" + tiff
    return content[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + content[2:]


def png_claiming(width: int, height: int) -> bytes:
    """A whole PNG of a few bytes whose header claims a picture of that size."""
    fields = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", fields), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(d)) + name + d + struct.pack(">I", zlib.crc32(name + d)) for name, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def four_channels(content: bytes) -> bytes:
    """A JPEG whose frame says that it has four channels, as CMYK ones do."""
    place = content.index(b"\xff\xc0") + 9
    return content[:place] + b"\x04" + content[place + 1 :]


def test_a_phone_picture_is_laid_upright() -> None:
    """An EXIF orientation is applied: what lay on its side stands."""
    shown = decoded(turned(encoded(scene()), 6), "phone.jpg")
    assert shown.shape == (100, 60, 3)
    assert shown[5, 30, 2] > 150  # the red left side is on top


def test_a_grey_picture_has_three_equal_channels() -> None:
    """Greyscale cameras are as good as colour ones."""
    shown = decoded(encoded(scene()[:, :, 0], ".png"), "grey.png")
    assert shown.shape == (60, 100, 3)
    assert (shown[:, :, 0] == shown[:, :, 2]).all()


def test_transparency_is_dropped() -> None:
    """A screenshot with an alpha channel shows its colours."""
    pixels = np.dstack([scene(), np.full((60, 100), 7, np.uint8)])
    assert (decoded(encoded(pixels, ".png"), "shot.png") == scene()).all()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (encoded(scene().astype(np.uint16) * 256, ".png"), "16 bits a channel; save it with 8"),
        (four_channels(encoded(scene())), "CMYK"),
        (encoded(scene())[:-200], "ends before its picture does"),
        (turned(encoded(scene()), 1)[:-200], "ends before its picture does"),
        (encoded(scene(), ".png")[:-20], "ends before its picture does"),
        (png_claiming(16_000, 16_000), "make it smaller"),
        (png_claiming(40_000, 10), "make it smaller"),
        (encoded(scene())[:30], "no picture"),
        (b"", "no picture"),
        (b"GIF89a" + b"\0" * 50, "JPEG or PNG wanted"),
        (b"\x89PNG\r\n\x1a\n", "ends within its header"),
        (png_claiming(100, 100), "the rest is not|damaged"),
    ],
)
def test_a_picture_that_no_verdict_may_rest_on_is_refused(content: bytes, why: str) -> None:
    """The file is named, with what is wrong and what to do."""
    with pytest.raises(PictureUnusable, match=rf"^cam/x\.jpg: .*({why})"):
        decoded(content, "cam/x.jpg")


def test_a_bomb_is_refused_by_its_header() -> None:
    """200 bytes that claim 768 MB are turned away before a byte is unpacked."""
    content = png_claiming(16_000, 16_000)
    assert len(content) < 200
    assert header(content, "bomb.png").width_px == 16_000


@given(st.binary(max_size=300), st.sampled_from([b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", encoded(scene())[:200]]))
def test_no_bytes_bring_it_down(tail: bytes, head: bytes) -> None:
    """Whatever arrives is a picture or refused by name."""
    with suppress(PictureUnusable):
        assert decoded(head + tail, "x").shape[2] == 3
