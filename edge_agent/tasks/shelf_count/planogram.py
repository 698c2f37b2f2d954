"""From boxes in a shelf's region to facings, and from facings to units by what the planogram says stands behind them."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.tasks.shelf_count.settings import Region

Box = tuple[float, float, float, float]
MOST_BOXES = 500
LEAST_SIDE = 1e-4  # of the picture: thinner boxes are rounding


@dataclass(frozen=True)
class Stock:
    """Units at a location: as seen, and between which bounds they lie."""

    facings: int
    units: int
    units_low: int
    units_high: int


def fractions(boxes_px: Sequence[Sequence[float]], width_px: int, height_px: int) -> tuple[Box, ...]:
    """Boxes x1 y1 x2 y2 in pixels as fractions of the picture, cut at its edges; at most `MOST_BOXES`."""
    cut = [
        (_share(x1, width_px), _share(y1, height_px), _share(x2, width_px), _share(y2, height_px))
        for x1, y1, x2, y2 in boxes_px
    ]
    return tuple(box for box in cut if box[2] - box[0] > LEAST_SIDE and box[3] - box[1] > LEAST_SIDE)[:MOST_BOXES]


def stock(facings: int, facings_low: int, facings_high: int, region: Region) -> Stock:
    """Units from facings. Behind each facing stands at least itself and at most the planogram's depth.

    The best guess is a full depth; neither it nor the upper bound exceeds what fits on the shelf, unless more is in view.
    """
    most = region.capacity if region.capacity is not None else facings_high * region.depth
    return Stock(
        facings=facings,
        units=max(facings, min(facings * region.depth, most)),
        units_low=facings_low,
        units_high=max(facings_high, min(facings_high * region.depth, most)),
    )


def _share(value_px: float, side_px: int) -> float:
    return round(min(max(value_px / side_px, 0.0), 1.0), 5)
