"""Which product each box of a shelf shows, asked again only where something changed: a name takes longer than a count."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_agent.tasks.shelf_count.planogram import Box
from edge_agent.thumbnail import Cells, Pixels, coarse, cut, largest_change

Identify = Callable[[Pixels], str | None]
SAME_LOOK = 10.0  # grey levels
SAME_PLACE = 0.02  # of the region: corners of one and the same box wander this far between looks
LEAST_SIDE_PX = 16  # smaller crops show no product


@dataclass(frozen=True)
class _Known:
    box: Box
    cells: Cells
    sku: str | None


class Names:
    """Asks `identify` for each box, and remembers the answers of the last look."""

    def __init__(self, identify: Identify | None) -> None:
        self._identify = identify
        self._known: tuple[_Known, ...] = ()

    def of(self, pixels: Pixels, boxes: Sequence[Box]) -> tuple[str | None, ...]:
        """A SKU for each box of a region's picture (h, w, 3); None where the product is unknown or nobody can tell."""
        if self._identify is None:
            return (None,) * len(boxes)
        self._known = tuple(self._one(pixels, box) for box in boxes)
        return tuple(known.sku for known in self._known)

    def _one(self, pixels: Pixels, box: Box) -> _Known:
        crop = cut(pixels, (box[0], box[1], box[2] - box[0], box[3] - box[1]))
        cells = coarse(crop)
        for known in self._known:
            moved = max(abs(here - there) for here, there in zip(box, known.box, strict=True))
            if moved <= SAME_PLACE and largest_change(cells, known.cells) < SAME_LOOK:
                return _Known(box, cells, known.sku)
        return _Known(box, cells, self._asked(crop))

    def _asked(self, crop: Pixels) -> str | None:
        if self._identify is None or min(crop.shape[:2]) < LEAST_SIDE_PX:
            return None
        return self._identify(crop)
