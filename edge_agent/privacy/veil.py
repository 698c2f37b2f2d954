"""Pixelates parts of a picture so that nothing smaller than a block can be told (pure)."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]

BLOCKS = 12  # along the longer side of a frame: a face a metre away is one or two of them


def pixelated(pixels: Pixels, hidden: Sequence[Box], shown: Sequence[Box] | None = None) -> Pixels:
    """`pixels` (h, w, 3) with every box of `hidden` as coarse blocks, and all outside `shown` where that is given.

    Boxes are x, y, width, height as fractions of the picture. What is hidden stays hidden inside what is shown.
    """
    if not hidden and shown is None:
        return pixels
    mask = np.zeros(pixels.shape[:2], np.bool_)
    if shown is not None:
        mask[:] = True
        for box in shown:
            mask[_slices(box, pixels)] = False
    for box in hidden:
        mask[_slices(box, pixels)] = True
    return np.where(mask[..., None], _blocks(pixels), pixels)


def within(box: Box, region: Box) -> Box | None:
    """A box of the frame as fractions of one region of it; None where they do not meet."""
    left, top = max(box[0], region[0]), max(box[1], region[1])
    right, bottom = min(box[0] + box[2], region[0] + region[2]), min(box[1] + box[3], region[1] + region[3])
    if right <= left or bottom <= top:
        return None
    x, y, width, height = region
    return (left - x) / width, (top - y) / height, (right - left) / width, (bottom - top) / height


def _blocks(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    side = max(1.0, max(height, width) / BLOCKS)
    size = (max(1, round(width / side)), max(1, round(height / side)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)


def _slices(box: Box, pixels: Pixels) -> tuple[slice, slice]:
    height, width = pixels.shape[:2]
    x, y, box_width, box_height = box
    columns = slice(int(x * width), int(np.ceil((x + box_width) * width)))
    return slice(int(y * height), int(np.ceil((y + box_height) * height))), columns
