"""How much promotions, prices and events multiply what is sold, learnt over all series at once.

Boosted trees with a log link on what each period's sales are relative to their own series' level. Sales divided by the
effect are what would have been sold without; a level of these times the effect of a plan is a forecast of the plan.
"""

from typing import cast

import numpy as np

from central.methods.forecasting.panel import Floats, Panel

CELLS = 60_000
ROUNDS = 60
LEAVES = 12
STRANGE = 20.0


def effects(panel: Panel, origin: int, seed: int) -> Floats | None:
    """(n, t + planned) factors for all periods, from what was known at `origin`; None without inputs that ever move."""
    if panel.inputs is None:
        return None
    past = panel.inputs.values[:, :origin]
    if not past.size or not (past.max((0, 1)) > past.min((0, 1))).any():
        return None
    sales = panel.sales[:, :origin]
    level = _level(sales)
    cells = np.flatnonzero(np.isfinite(sales).ravel() & np.repeat(level > 0, origin))
    if len(cells) > CELLS:
        cells = np.random.default_rng(seed).choice(cells, CELLS, replace=False)
    series = cells // origin
    relative = np.minimum(sales.ravel()[cells] / level[series], STRANGE)
    told = past.reshape(-1, past.shape[2])[cells]
    return _learnt(panel.inputs.values, told, relative, np.sqrt(level[series]), seed)


def _learnt(values: Floats, told: Floats, relative: Floats, weight: Floats, seed: int) -> Floats | None:
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 (slow to load)

    if relative.sum() <= 0:
        return None
    trees = HistGradientBoostingRegressor(
        loss="poisson", max_iter=ROUNDS, max_leaf_nodes=LEAVES, min_samples_leaf=60, random_state=seed, early_stopping=False
    ).fit(told, np.maximum(relative, 0.0), sample_weight=weight)
    distinct, back = np.unique(values.reshape(-1, values.shape[2]), axis=0, return_inverse=True)
    factors = np.clip(trees.predict(distinct), 0.05, 20.0)[np.ravel(back)]
    return cast(Floats, factors.reshape(values.shape[:2]))


def _level(sales: Floats) -> Floats:
    known = np.isfinite(sales)
    mean = np.where(known, sales, 0.0).sum(1) / np.maximum(known.sum(1), 1)
    middle = np.median(np.where(known, sales, mean[:, None]), axis=1)
    return np.asarray(0.5 * middle + 0.5 * mean)
