"""What may leave the device of a frame: a small JPEG of one region, and a coarse view that tells whether it changed."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.privacy.veil import pixelated, within
from edge_agent.sample import Frame
from edge_agent.task import Picture

Pixels = NDArray[np.uint8]
Cells = NDArray[np.float32]
Region = tuple[float, float, float, float]

MOST_BYTES, LONGEST_SIDE_PX = 30_000, 512
QUALITIES = (82, 70, 55, 40)
COARSE_WIDTH, COARSE_HEIGHT = 32, 24


def cut(pixels: Pixels, region: Region) -> Pixels:
    """The part of a frame (h, w, 3) inside `region`: x, y, width, height as fractions; at least one pixel."""
    height, width = pixels.shape[:2]
    left, top = min(int(region[0] * width), width - 1), min(int(region[1] * height), height - 1)
    right = min(max(round((region[0] + region[2]) * width), left + 1), width)
    bottom = min(max(round((region[1] + region[3]) * height), top + 1), height)
    return pixels[top:bottom, left:right]


def shown(frame: Frame, region: Region) -> Pixels:
    """The region of a frame as it may be shown: the moving things in it are pixelated."""
    hidden = [box for thing in frame.veil if (box := within(thing, region)) is not None]
    return pixelated(cut(frame.pixels, region), hidden)


def whole(frame: Frame, regions: Sequence[Region] | None) -> Pixels:
    """The whole frame as it may be shown: pixelated outside `regions` (None: nowhere) and where things move."""
    return pixelated(frame.pixels, frame.veil, regions)


def jpeg(pixels: Pixels) -> Picture:
    """`pixels` (h, w, 3) as a JPEG of at most `MOST_BYTES`: smaller first, then coarser."""
    side_px = LONGEST_SIDE_PX
    while True:
        small = _at_most(pixels, side_px)
        for quality in QUALITIES:
            encoded = _encoded(small, quality)
            if len(encoded) <= MOST_BYTES:
                return Picture(encoded)
        side_px //= 2


def coarse(pixels: Pixels) -> Cells:
    """Grey values of `pixels` as `COARSE_HEIGHT` x `COARSE_WIDTH` cells, each the mean of its place."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, (COARSE_WIDTH, COARSE_HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)


def largest_change(cells: Cells, before: Cells) -> float:
    """The cell that changed most, in grey levels, apart from a change of the light over all."""
    difference = cells - before
    return float(np.abs(difference - np.median(difference)).max())


def _encoded(pixels: Pixels, quality: int) -> bytes:
    _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(encoded)


def _at_most(pixels: Pixels, side_px: int) -> Pixels:
    height, width = pixels.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return np.ascontiguousarray(pixels)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
