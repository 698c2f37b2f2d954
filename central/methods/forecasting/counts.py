"""Quantiles of counts from a mean and a variance: negative binomial, Poisson where the variance is no larger."""

import numpy as np

from central.methods.forecasting.panel import Floats

LEAST_MEAN = 1e-9
NEARLY_POISSON = 1.001


def count_quantiles(mean: Floats, variance: Floats, levels: Floats) -> Floats:
    """(n, q) whole units; mean, variance: (n,), of the whole window that is asked for; a mean of zero gives zero."""
    from scipy.stats import nbinom, poisson  # noqa: PLC0415 (slow to load)

    known = np.maximum(mean, LEAST_MEAN)[:, None]
    over = np.maximum(variance[:, None], known * NEARLY_POISSON)
    size = known**2 / (over - known)
    spread = variance[:, None] > known * NEARLY_POISSON
    found = np.where(spread, nbinom.ppf(levels, size, size / (size + known)), poisson.ppf(levels, known))
    return np.asarray(np.where(mean[:, None] > 0, found, 0.0))
