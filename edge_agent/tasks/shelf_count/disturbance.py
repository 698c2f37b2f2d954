"""Does somebody stand or pass in front of a shelf? Such a look counts for nothing."""

import numpy as np

from edge_agent.privacy.veil import Box, within
from edge_agent.thumbnail import Cells

MOST_VEILED = 0.1  # of the region, by things that the privacy veil follows
MOST_MOVED = 0.3  # of its cells, since the look before: a sale takes one facing, a passer-by covers a third of the shelf
MOVED = 25.0  # grey levels


def is_disturbed(veil: tuple[Box, ...], roi: Box, scene: Cells, before: Cells | None) -> bool:
    """True when moving things hide a part of the region `roi` (x, y, width, height), or much of it just changed.

    What then stays as it is, a restocked shelf or a pallet put down, is looked at from the next frame on.
    """
    veiled = sum(box[2] * box[3] for thing in veil if (box := within(thing, roi)) is not None)
    return veiled > MOST_VEILED or (before is not None and moved_share(scene, before) > MOST_MOVED)


def moved_share(scene: Cells, before: Cells) -> float:
    """The share of cells that changed, apart from a change of the light over all."""
    difference = scene - before
    return float(np.mean(np.abs(difference - np.median(difference)) > MOVED))
