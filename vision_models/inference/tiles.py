"""Dense shelves in parts: overlapping views of one picture, each seen at more pixels a thing than the whole would be.

What is cut by an edge that is not the picture's belongs to the neighbouring view, which overlaps by a fifth and shows it
whole; the whole picture is looked at too, for things larger than that.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vision_models.inference.arrays import Floats, Mask, Picture

_OVERLAP, _EDGE_SHARE = 0.2, 0.01


@dataclass(frozen=True)
class Tile:
    """A part of a picture: its corners in pixels of the picture, which is `height_px` by `width_px`."""

    left: int
    top: int
    right: int
    bottom: int
    width_px: int
    height_px: int

    def cut(self, picture: Picture) -> Picture:
        """The pixels of this part."""
        return picture[self.top : self.bottom, self.left : self.right]

    def placed(self, boxes: Floats) -> Floats:
        """Boxes (n, 4) of the part as boxes of the picture."""
        return np.asarray(boxes + np.array([self.left, self.top] * 2, dtype=np.float32), dtype=np.float32)

    def whole(self, boxes: Floats) -> Mask:
        """Which boxes (n, 4) of the part no inner edge cuts, (n,)."""
        width, height = self.right - self.left, self.bottom - self.top
        near_x, near_y = _EDGE_SHARE * width, _EDGE_SHARE * height
        cut = (
            ((boxes[:, 0] < near_x) & (self.left > 0))
            | ((boxes[:, 1] < near_y) & (self.top > 0))
            | ((boxes[:, 2] > width - near_x) & (self.right < self.width_px))
            | ((boxes[:, 3] > height - near_y) & (self.bottom < self.height_px))
        )
        return np.asarray(~cut, dtype=np.bool_)


def tiles_of(height_px: int, width_px: int, along: int) -> list[Tile]:
    """The whole picture first, then `along` parts on its longer side and as many on the shorter as keep them near square;
    the whole alone when `along` is 1."""
    whole = Tile(0, 0, width_px, height_px, width_px, height_px)
    if along <= 1:
        return [whole]
    side = max(height_px, width_px) / along
    rows, columns = max(round(height_px / side), 1), max(round(width_px / side), 1)
    parts = [
        Tile(left, top, right, bottom, width_px, height_px)
        for top, bottom in _stretches(height_px, rows)
        for left, right in _stretches(width_px, columns)
    ]
    return [whole, *parts]


def _stretches(length: int, count: int) -> Iterator[tuple[int, int]]:
    """`count` equal stretches over a length, each reaching into its neighbours by a fifth of itself in all."""
    size = length / (count - (count - 1) * _OVERLAP)
    for number in range(count):
        start = number * size * (1 - _OVERLAP)
        yield round(start), min(round(start + size), length)
