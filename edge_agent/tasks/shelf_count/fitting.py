"""The boxes seen on a shelf against its planogram: which facing each one fills, which are gaps, what stands wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.tasks.shelf_count.assignment import pairs
from edge_agent.tasks.shelf_count.planogram import Box
from edge_agent.tasks.shelf_count.settings import Facing
from protocols.messages.shelf_count import Mismatch, Misplaced

LEAST_OVERLAP = 0.2  # of intersection over union: a box at a facing, pushed half its width aside, still has a third
LEAST_BOXES = 3  # fewer are no ground to doubt a planogram
MOST_STRAY = 0.5  # of the boxes: more, and the planogram is of another shelf


@dataclass(frozen=True)
class Fit:
    """filled: box at each facing, None for a gap; strays: boxes at no facing. Both by their places in what was given."""

    filled: tuple[int | None, ...]
    strays: tuple[int, ...]


def fitted(boxes: Sequence[Box], facings: Sequence[Facing]) -> Fit:
    """The pairs of box and facing with the largest overlap in total; overlaps under `LEAST_OVERLAP` are none."""
    overlap = _overlaps(boxes, [facing.box for facing in facings])
    useful = np.where(overlap >= LEAST_OVERLAP, overlap, 0.0)
    chosen = {facing: box for box, facing in pairs(-useful) if useful[box, facing] > 0}
    filled = tuple(chosen.get(facing) for facing in range(len(facings)))
    taken = set(chosen.values())
    return Fit(filled, tuple(box for box in range(len(boxes)) if box not in taken))


def gaps(fit: Fit, facings: Sequence[Facing]) -> list[Box]:
    """The facings with nothing in them."""
    return [facing.box for facing, box in zip(facings, fit.filled, strict=True) if box is None]


def misplaced(
    fit: Fit, facings: Sequence[Facing], boxes: Sequence[Box], named: Sequence[str | None], usual: str
) -> list[Misplaced]:
    """Boxes at a facing of another product (by `named`, a SKU a box), and boxes at no facing.

    A box that nobody could name is given the benefit of the doubt where it fills a facing.
    """
    wrong = [
        Misplaced(box=boxes[box], sku=named[box], expected=facing.sku or usual)
        for facing, box in zip(facings, fit.filled, strict=True)
        if box is not None and named[box] not in (None, facing.sku or usual)
    ]
    return wrong + [Misplaced(box=boxes[box], sku=named[box]) for box in fit.strays]


def mismatch(fit: Fit, facings: Sequence[Facing], named: Sequence[str | None], usual: str) -> Mismatch | None:
    """Why the planogram is not of this shelf: most boxes stand at no facing, or none of the named is a product of it."""
    count = len(named)
    if count < LEAST_BOXES or not facings:
        return None
    if len(fit.strays) > MOST_STRAY * count:
        return "layout"
    planned = {facing.sku or usual for facing in facings}
    known = [sku for sku in named if sku is not None]
    return "products" if len(known) >= LEAST_BOXES and planned.isdisjoint(known) else None


def _overlaps(boxes: Sequence[Box], others: Sequence[Box]) -> NDArray[np.float64]:
    """Intersection over union (n, m) of boxes x1 y1 x2 y2."""
    one = np.array(boxes, dtype=np.float64).reshape(-1, 1, 4)
    other = np.array(others, dtype=np.float64).reshape(1, -1, 4)
    sides = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    shared = np.clip(sides, 0, None).prod(axis=-1)
    area = [np.clip(each[..., 2:] - each[..., :2], 0, None).prod(axis=-1) for each in (one, other)]
    return np.asarray(shared / np.maximum(area[0] + area[1] - shared, 1e-12), dtype=np.float64)
