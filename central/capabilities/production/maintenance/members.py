"""Three ways to learn remaining life from windows, unlike enough that their mean is better than each. Pure but for chance,
which comes from the seed.

trees: gradient boosting by histograms; kernel: ridge regression on Nyström features of a Gaussian kernel; network: the
mean of small networks with two layers. scikit-learn is loaded at first use.
"""

import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Predict = Callable[[Floats], Floats]
Learn = Callable[[Floats, Floats, int], Predict]  # features (n, f), remaining life in 0..1 (n,), seed
NETWORKS = 3
EPOCHS = 10
KERNEL_WIDTH = 0.003
KERNEL_POINTS = 500


class _Model(Protocol):
    def predict(self, asked: Floats) -> Floats: ...


def trees(known: Floats, remaining: Floats, seed: int) -> Predict:
    """Gradient boosting."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 (a hundred megabytes)

    model = HistGradientBoostingRegressor(
        learning_rate=0.04, max_iter=250, min_samples_leaf=60, max_features=0.2, l2_regularization=1.0, random_state=seed
    )
    return _predict(model.fit(known, remaining))


def kernel(known: Floats, remaining: Floats, seed: int) -> Predict:
    """Ridge regression on features of a Gaussian kernel."""
    from sklearn.kernel_approximation import Nystroem  # noqa: PLC0415
    from sklearn.linear_model import Ridge  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    points = Nystroem(gamma=KERNEL_WIDTH, n_components=min(KERNEL_POINTS, len(known)), random_state=seed)
    return _predict(make_pipeline(StandardScaler(), points, Ridge(1e-2)).fit(known, remaining))


def network(known: Floats, remaining: Floats, seed: int) -> Predict:
    """The mean of small networks that begin differently."""
    found = [_one_network(known, remaining, seed * NETWORKS + number) for number in range(NETWORKS)]

    def predict(asked: Floats) -> Floats:
        mean: Floats = np.mean([one(asked) for one in found], axis=0)
        return mean

    return predict


def _one_network(known: Floats, remaining: Floats, seed: int) -> Predict:
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415
    from sklearn.neural_network import MLPRegressor  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    layers = MLPRegressor(
        hidden_layer_sizes=(64, 32),
        alpha=0.2,
        learning_rate_init=2e-3,
        max_iter=EPOCHS,
        n_iter_no_change=EPOCHS,
        batch_size=min(256, len(known)),
        random_state=seed,
    )
    pipeline = make_pipeline(StandardScaler(), layers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped early on purpose
        pipeline.fit(known, remaining)
    return _predict(pipeline)


def _predict(model: _Model) -> Predict:
    def predict(asked: Floats) -> Floats:
        return np.asarray(model.predict(asked), dtype=np.float64)

    return predict


MEMBERS: Mapping[str, Learn] = MappingProxyType({"trees": trees, "kernel": kernel, "network": network})
