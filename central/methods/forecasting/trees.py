"""One global model over all series: boosted trees with a log link, relative to each series' scale, weighted by volume.

A few models, each fitted without one fold of the series: what it says of that fold is an honest forecast, which weights and
quantiles are chosen on; forecasts ahead are the mean of all. Method: Friedman (2001), Ke et al. (2017).
"""

from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np

from central.methods.forecasting.panel import Bools, Floats, Ints


class Regressor(Protocol):
    """A fitted scikit-learn regressor."""

    def predict(self, values: Floats, /) -> Floats:
        """(r,)."""
        ...


@dataclass(frozen=True)
class Shape:
    """How large the trees are. share: part of the columns that a split looks at; weight_power: of the scale, as weight."""

    rounds: int = 200
    rate: float = 0.05
    leaves: int = 12
    least_in_leaf: int = 30
    share: float = 0.3
    weight_power: float = 0.5


@dataclass(frozen=True)
class Folded:
    """Fitted models, the k-th without fold k, and the columns they read."""

    models: tuple[Regressor, ...]
    columns: Bools

    def ahead(self, values: Floats, scale: Floats) -> Floats:
        """(r,) units a period."""
        said = np.mean([model.predict(values[:, self.columns]) for model in self.models], axis=0)
        return cast(Floats, said * scale)

    def apart(self, values: Floats, scale: Floats, fold: Ints) -> Floats:
        """(r,) what the model that never saw a row's series says of it; fold: (r,)."""
        said = np.zeros(len(values))
        for number, model in enumerate(self.models):
            unseen = fold == number
            if unseen.any():
                said[unseen] = model.predict(values[unseen][:, self.columns])
        return said * scale


def fit(values: Floats, scale: Floats, came: Floats, fold: Ints, seed: int, shape: Shape) -> Folded | None:
    """values: (r, p); scale, came: (r,) units a period; fold: (r,) from 0. None when nothing was sold outside a fold."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 (slow to load)

    columns = _telling(values)
    target = np.maximum(came, 0.0) / scale
    models: list[Regressor] = []
    for number in range(int(fold.max(initial=0)) + 1):
        own = fold != number
        if target[own].sum() <= 0:
            return None
        model = HistGradientBoostingRegressor(
            loss="poisson", max_iter=shape.rounds, learning_rate=shape.rate, max_leaf_nodes=shape.leaves,
            min_samples_leaf=shape.least_in_leaf, max_features=shape.share, l2_regularization=1.0, early_stopping=False,
            random_state=seed + number,
        )  # fmt: skip
        models.append(model.fit(values[own][:, columns], target[own], sample_weight=scale[own] ** shape.weight_power))
    return Folded(tuple(models), columns)


def _telling(values: Floats) -> Bools:
    """The columns with at least two values among those known."""
    known = np.isfinite(values)
    low = np.where(known, values, np.inf).min(0)
    high = np.where(known, values, -np.inf).max(0)
    return np.asarray(high > low)
