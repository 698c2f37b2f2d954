"""How much each forecast counts: weights chosen on what they said of outcomes they had not seen, kind by kind of series.

Method: greedy forward selection with replacement (Caruana et al. 2004) by the pinball loss of the quantiles that follow from
the blended mean. A kind's own weights are halfway those of all; with few rows it takes these.
"""

from collections.abc import Mapping

import numpy as np

from central.methods.forecasting.panel import Floats, Ints
from central.methods.forecasting.pooling import pinball, pools

LEVELS = np.array([0.25, 0.5, 0.8, 0.9, 0.95])
STEPS = 5
LEAST_ROWS = 3_000
MOST_ROWS = 12_000


def weights(said: Floats, came: Floats, kind: Ints, restless: Floats, seed: int) -> Mapping[int, Floats]:
    """Weights (m,) for each kind, under -1 for all. said: (m, r) forecasts; came, kind, restless: (r,)."""
    chosen = {-1: _greedy(*_sample(said, came, restless, seed))}
    for one in np.unique(kind).tolist():
        here = kind == one
        if here.sum() >= LEAST_ROWS:
            own = _greedy(*_sample(said[:, here], came[here], restless[here], seed))
            chosen[one] = 0.5 * own + 0.5 * chosen[-1]
    return chosen


def blended(said: Floats, kind: Ints, chosen: Mapping[int, Floats]) -> Floats:
    """(r,) forecasts; said: (m, r), kind: (r,)."""
    table = np.stack([chosen.get(one, chosen[-1]) for one in range(int(kind.max(initial=0)) + 1)])
    return np.asarray((table[kind].T * said).sum(0))


def _sample(said: Floats, came: Floats, restless: Floats, seed: int) -> tuple[Floats, Floats, Floats]:
    if len(came) <= MOST_ROWS:
        return said, came, restless
    some = np.random.default_rng(seed).choice(len(came), MOST_ROWS, replace=False)
    return said[:, some], came[some], restless[some]


def _greedy(said: Floats, came: Floats, restless: Floats) -> Floats:
    count = np.zeros(len(said))
    total = np.zeros(said.shape[1])
    for step in range(1, STEPS + 1):
        losses = [_loss((total + one) / step, came, restless) for one in said]
        best = int(np.argmin(losses))
        count[best] += 1
        total = total + said[best]
    return np.asarray(count / STEPS)


def _loss(mean: Floats, came: Floats, restless: Floats) -> float:
    found = pools(mean, came, restless, LEVELS).quantiles(mean, restless)
    return float(pinball(came, found, LEVELS).mean())
