"""From the highest scores of past blocks of time to a limit that keeps a budget of alarms a month.

Block maxima, with a generalised Pareto tail over their upper quarter, fitted by moments (Hosking and Wallis 1987) with the
shape held within 0 to 0.3, where moments exist; the idea of SPOT (Siffer et al., KDD 2017). A tail cannot be read further
than some tens of times beyond the blocks that were seen: a young baseline alarms more often than the budget says. When the
store of blocks is full, neighbours are joined: blocks grow from a minute to hours, until the limit lies within what was seen
(there it is the conformal one: the share of past blocks that were higher).
"""

from math import exp, log

import numpy as np
from msgspec import Struct

from edge_agent.tasks.equipment_anomaly.arrays import Array

MONTH_S = 2_592_000.0
MOST_BLOCKS = 64
LONGEST_BLOCK_S = 43_200.0
FEWEST_BLOCKS = 24
TAIL, LARGEST_SHAPE = 0.25, 0.3
BEYOND = 30.0  # times further than the blocks seen
LOUDEST = 1.5  # of the limit: an alarm counts as an exceedance, however wild it was
SMALLEST = 0.3


class Maxima(Struct, array_like=True):
    """Highest score of each of `k` detectors in past blocks of `block_s`, oldest first: (n, k)."""

    block_s: float
    blocks: Array
    joined: Array  # (0 or 1, k): half of a block that is still to be joined with the next
    merge: int = 1  # how many of the shortest blocks make one
    waiting: int = 0


def begin(block_s: float, detectors: int) -> Maxima:
    """Nothing seen yet."""
    return Maxima(block_s, np.zeros((0, detectors)), np.zeros(detectors))


def count(maxima: Maxima, highest: Array) -> None:
    """One more of the shortest blocks has ended; `highest`: (k,)."""
    maxima.joined = np.maximum(maxima.joined, highest)
    maxima.waiting += 1
    if maxima.waiting < maxima.merge:
        return
    maxima.blocks = np.vstack([maxima.blocks, maxima.joined])
    maxima.joined, maxima.waiting = np.zeros_like(maxima.joined), 0
    if len(maxima.blocks) > MOST_BLOCKS:
        _make_room(maxima)


def limits(maxima: Maxima, alarms_a_month: float, sharing: int) -> Array | None:
    """(k,) limits that `sharing` detectors together exceed so often; None while there are too few blocks."""
    if len(maxima.blocks) < FEWEST_BLOCKS:
        return None
    block_s = maxima.block_s * maxima.merge
    wanted = alarms_a_month * block_s / MONTH_S / sharing
    chance = min(0.5, max(wanted, 1 / (BEYOND * len(maxima.blocks))))
    return np.maximum(SMALLEST, [exceeded_by(column, chance) for column in maxima.blocks.T])


def exceeded_by(maxima: Array, chance: float) -> float:
    """The score that the highest of a block exceeds with this chance."""
    ordered = np.sort(maxima)
    many = max(5, int(TAIL * len(ordered)))
    threshold = float(ordered[-many - 1])
    beyond = ordered[-many:] - threshold
    mean, share = float(beyond.mean()), chance * len(ordered) / many
    if share >= 1.0 or mean <= 0.0:
        return threshold
    shape = min(LARGEST_SHAPE, max(0.0, 0.5 * (1 - mean * mean / max(float(beyond.var()), 1e-12))))
    scale = mean * (1 - shape)
    far = scale / shape * (exp(-shape * log(share)) - 1) if shape > 1e-6 else -scale * log(share)
    return threshold + far


def _make_room(maxima: Maxima) -> None:
    """Join neighbours, until blocks are as long as they may be; then the oldest is let go."""
    if maxima.block_s * maxima.merge * 2 > LONGEST_BLOCK_S:
        maxima.blocks = maxima.blocks[1:]
        return
    even = len(maxima.blocks) // 2 * 2
    pairs = maxima.blocks[:even].reshape(even // 2, 2, -1).max(axis=1)
    maxima.joined = maxima.blocks[even:].max(axis=0) if even < len(maxima.blocks) else maxima.joined
    maxima.waiting = maxima.merge if even < len(maxima.blocks) else 0
    maxima.blocks, maxima.merge = pairs, maxima.merge * 2
