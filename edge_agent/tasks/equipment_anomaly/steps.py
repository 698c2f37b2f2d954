"""The evidence from which a normal is learned: means and noise of short steps of rows, not the rows.

A step is up to twenty rows. Its mean says where a channel was, half the mean square of the differences between neighbours
how much it flickered (von Neumann 1941), whatever the mean did meanwhile. At most `MOST_STEPS` are kept, thinned evenly.
"""

import numpy as np
from msgspec import Struct

from edge_agent.tasks.equipment_anomaly.arrays import Array, single

MOST_STEPS = 60
FEWEST_STEPS = 5


class Steps(Struct, array_like=True):
    """Kept steps, oldest first: `means` and `noise` (n, p) off `origin` (p,), in the channels' units and their squares."""

    target_s: float
    first_s: float
    origin: Array
    means: Array
    noise: Array
    elapsed_s: float = 0.0
    stride: int = 1
    skipped: int = 0

    def progress(self) -> float:
        """0 to 1 towards the present target."""
        return min(1.0, self.elapsed_s / self.target_s, len(self.means) / FEWEST_STEPS)


def begin(origin: Array, learn_s: float) -> Steps:
    """Nothing learned yet. `origin`: (p,) the first good values, so that short numbers hold small differences."""
    empty = np.zeros((0, len(origin)))
    return Steps(learn_s, learn_s, origin, empty, empty)


def take(steps: Steps, rows: Array, elapsed_s: float) -> bool:
    """Keep one more step of `rows` (m, p), NaN where a value is not to be learned; True when it is time to look."""
    steps.elapsed_s += elapsed_s
    steps.skipped += 1
    if steps.skipped >= steps.stride:
        steps.skipped = 0
        steps.means = np.vstack([steps.means, single(rows.mean(axis=0) - steps.origin)])
        steps.noise = np.vstack([steps.noise, single(0.5 * (np.diff(rows, axis=0) ** 2).mean(axis=0))])
    if len(steps.means) > MOST_STEPS:
        steps.means, steps.noise, steps.stride = steps.means[::2], steps.noise[::2], steps.stride * 2
    return steps.progress() >= 1.0


def prolonged(steps: Steps, growth: float) -> Steps:
    """Go on for longer, without the older half: it was still moving then."""
    half = len(steps.means) // 2
    return Steps(
        target_s=steps.target_s * growth,
        first_s=steps.first_s,
        origin=steps.origin,
        means=steps.means[half:],
        noise=steps.noise[half:],
        elapsed_s=steps.elapsed_s / 2,
        stride=steps.stride,
    )
