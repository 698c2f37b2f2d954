"""Forecasts of items, groups and the whole that add up: trace minimisation with a shrunk covariance, never below zero.

Method: Wickramasuriya, Athanasopoulos and Hyndman (2019), MinT; shrinkage of Schäfer and Strimmer (2005).
"""

import numpy as np

from central.methods.forecasting.errors import BadPanel
from central.methods.forecasting.panel import Floats

LEAST = 1e-9


def reconciled(base: Floats, summing: Floats, errors: Floats) -> Floats:
    """(N, h) that add up. base: (N, h) of all nodes; summing: (N, m) which leaves each node sums; errors: (N, e), e > 1.

    Leaves that would be negative are set to zero before sums are taken. Raises BadPanel.
    """
    if not len(base) == len(summing) == len(errors) or errors.shape[1] < 2:
        raise BadPanel(
            f"base {base.shape}, summing {summing.shape}, errors {errors.shape}: one row a node, two errors or more"
        )
    weights = np.linalg.solve(shrunk_covariance(errors), summing)
    leaves = np.linalg.lstsq(weights.T @ summing, weights.T @ base, rcond=None)[0]
    return np.asarray(summing @ np.maximum(leaves, 0.0))


def shrunk_covariance(errors: Floats) -> Floats:
    """(N, N) of errors (N, e), correlations shrunk towards none by as much as they are uncertain."""
    count = errors.shape[1]
    spread = np.sqrt(np.maximum((errors**2).mean(1), LEAST))
    standard = errors / spread[:, None]
    correlation = standard @ standard.T / count
    uncertain = ((standard**2 @ (standard**2).T) / count - correlation**2) / (count - 1)
    apart = ~np.eye(len(errors), dtype=bool)
    share = (
        float(np.clip(uncertain[apart].sum() / max((correlation[apart] ** 2).sum(), LEAST), 0.0, 1.0))
        if len(errors) > 1
        else 1.0
    )
    kept = np.where(apart, (1 - share) * correlation, 1.0)
    return np.asarray(kept * np.outer(spread, spread))


def spread_down(total: Floats, shares: Floats) -> Floats:
    """(m, h) of a change at a node (h,) by the leaves' base forecasts (m, h): evenly where all are zero."""
    whole = shares.sum(0)
    even = np.full_like(shares, 1 / len(shares))
    return np.asarray(np.where(whole > 0, shares / np.where(whole > 0, whole, 1), even) * total)
