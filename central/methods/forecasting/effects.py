"""How much promotions, prices and events multiply what is sold, learnt over all series at once.

Boosted trees with a log link on what each period's sales are relative to their own series' level. Sales divided by the
effect are what would have been sold without; a level of these times the effect of a plan is a forecast of the plan.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from central.methods.forecasting.panel import Floats, Panel

CELLS = 60_000
ROUNDS = 60
LEAVES = 12
STRANGE = 20.0
MOST_AND_LEAST = (0.05, 20.0)


class Regressor(Protocol):
    """A fitted scikit-learn regressor."""

    def predict(self, values: Floats, /) -> Floats:
        """(r,)."""
        ...


@dataclass(frozen=True)
class Effects:
    """What inputs multiply sales by, fitted."""

    trees: Regressor

    def factors(self, inputs: Floats) -> Floats:
        """(n, t) for inputs (n, t, k)."""
        distinct, back = np.unique(inputs.reshape(-1, inputs.shape[2]), axis=0, return_inverse=True)
        found = np.clip(self.trees.predict(distinct), *MOST_AND_LEAST)[np.ravel(back)]
        return np.asarray(found.reshape(inputs.shape[:2]))


def effects(panel: Panel, seed: int) -> Effects | None:
    """Learnt from all known periods of the panel; None without inputs that ever moved."""
    if panel.inputs is None:
        return None
    past = panel.inputs.values[:, : panel.periods]
    if not past.size or not (past.max((0, 1)) > past.min((0, 1))).any():
        return None
    level = _level(panel.sales)
    cells = np.flatnonzero(np.isfinite(panel.sales).ravel() & np.repeat(level > 0, panel.periods))
    if len(cells) > CELLS:
        cells = np.random.default_rng(seed).choice(cells, CELLS, replace=False)
    series = cells // panel.periods
    relative = np.clip(panel.sales.ravel()[cells] / level[series], 0.0, STRANGE)
    if relative.sum() <= 0:
        return None
    return Effects(_learnt(past.reshape(-1, past.shape[2])[cells], relative, np.sqrt(level[series]), seed))


def _learnt(told: Floats, relative: Floats, weight: Floats, seed: int) -> Regressor:
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 (slow to load)

    trees: Regressor = HistGradientBoostingRegressor(
        loss="poisson", max_iter=ROUNDS, max_leaf_nodes=LEAVES, min_samples_leaf=60, random_state=seed, early_stopping=False
    ).fit(told, relative, sample_weight=weight)
    return trees


def _level(sales: Floats) -> Floats:
    known = np.isfinite(sales)
    mean = np.where(known, sales, 0.0).sum(1) / np.maximum(known.sum(1), 1)
    middle = np.median(np.where(known, sales, mean[:, None]), axis=1)
    return np.asarray(0.5 * middle + 0.5 * mean)
