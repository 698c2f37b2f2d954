"""What would have been sold had the shelf never been empty: demand behind sales, from how long there was something to sell.

Demand of a period comes at a rate that is gamma over periods (negative binomial counts), and sales stop when stock does.
Given the rate, when they stopped tells no more than the time they had: sales in the share of the period with stock, the
exposure. Expectation-maximisation over rates, dispersion by likelihood. Where only "sold out" is known and not when, demand
is truncated below at the sales. Methods: Nahmias (1994), Agrawal and Smith (1996); Conrad (1976) for the Poisson case.
"""

from dataclasses import dataclass

import numpy as np

from central.methods.forecasting.errors import BadPanel
from central.methods.forecasting.panel import Bools, Floats

DISPERSIONS = (0.25, 0.4, 0.6, 1.0, 1.6, 2.5, 4.0, 8.0, 20.0, 100.0)
ROUNDS = 80
LEAST = 1e-9


@dataclass(frozen=True)
class Latent:
    """mean: (n,) demand a period (where factors are 1); demand: (n, t), what was sold and what most likely was not.

    dispersion: (n,) shape of the gamma, large for Poisson.
    """

    mean: Floats
    demand: Floats
    dispersion: Floats


def latent_demand(sales: Floats, available: Floats, factors: Floats | None = None) -> Latent:
    """Demand from shares of each period with stock. sales, available: (n, t), NaN unknown, available in 0..1.

    factors: (n, t) what a period is expected at relative to the mean (week days, promotions). Raises BadPanel.
    """
    if sales.shape != available.shape:
        raise BadPanel(f"sales {sales.shape} and availability {available.shape}: give one share a period")
    known = np.isfinite(sales) & np.isfinite(available)
    sold = np.where(known, np.maximum(sales, 0.0), 0.0)
    expected = np.ones_like(sold) if factors is None else factors
    exposure = np.where(known, np.clip(available, 0.0, 1.0), 0.0) * expected
    exposure = np.where((sold > 0) & (exposure <= 0), 0.01 * expected, exposure)
    fits = [_exposed(sold, exposure, known, size) for size in DISPERSIONS]
    best = np.argmax([likelihood for _, likelihood in fits], axis=0)
    mean = np.stack([mean for mean, _ in fits])[best, np.arange(len(sold))]
    size = np.array(DISPERSIONS)[best]
    rate = (sold + size[:, None]) / (exposure + (size / np.maximum(mean, LEAST))[:, None])
    unseen = np.where(known, 1 - np.clip(np.nan_to_num(available), 0, 1), 0.0) * expected
    return Latent(mean, np.where(known, sold + rate * unseen, np.nan), size)


def _exposed(sold: Floats, exposure: Floats, known: Bools, size: float) -> tuple[Floats, Floats]:
    """Mean (n,) and log likelihood (n,) at one dispersion."""
    from scipy.special import gammaln  # noqa: PLC0415 (slow to load)

    seen = known & (exposure > 0)
    count = np.maximum(seen.sum(1), 1)
    mean = np.maximum(sold.sum(1) / np.maximum(exposure.sum(1), LEAST), LEAST)
    for _ in range(ROUNDS):
        rate = (sold + size) / (exposure + (size / mean)[:, None])
        mean = np.maximum(np.where(seen, rate, 0.0).sum(1) / count, LEAST)
    inverse = (size / mean)[:, None]
    terms = gammaln(sold + size) - gammaln(size) + size * np.log(inverse) - (sold + size) * np.log(inverse + exposure)
    return mean, np.where(seen, terms, 0.0).sum(1)


def demand_at_least(sales: Floats, sold_out: Bools) -> Latent:
    """Demand where only "sold out" is known: it was the sales or more. sales: (n, t), NaN unknown; sold_out: (n, t)."""
    known = np.isfinite(sales)
    sold = np.where(known, np.maximum(sales, 0.0), 0.0)
    cut = known & sold_out
    fits = [_truncated(sold, cut, known, size) for size in DISPERSIONS]
    best = np.argmax([likelihood for _, likelihood in fits], axis=0)
    mean = np.stack([mean for mean, _ in fits])[best, np.arange(len(sold))]
    size = np.array(DISPERSIONS)[best]
    demand = np.where(cut, _mean_above(sold, mean[:, None], size[:, None]), sold)
    return Latent(mean, np.where(known, demand, np.nan), size)


def _truncated(sold: Floats, cut: Bools, known: Bools, size: float) -> tuple[Floats, Floats]:
    from scipy.stats import nbinom  # noqa: PLC0415 (slow to load)

    count = np.maximum(known.sum(1), 1)
    mean = np.maximum(sold.sum(1) / count, LEAST)
    for _ in range(ROUNDS // 2):
        demand = np.where(cut, _mean_above(sold, mean[:, None], size), sold)
        mean = np.maximum(np.where(known, demand, 0.0).sum(1) / count, LEAST)
    chance = (size / (size + mean))[:, None]
    terms = np.where(cut, nbinom.logsf(sold - 1, size, chance), nbinom.logpmf(np.round(sold), size, chance))
    return mean, np.where(known, np.maximum(terms, -700.0), 0.0).sum(1)


def _mean_above(least: Floats, mean: Floats, size: Floats | float) -> Floats:
    """Mean of a negative binomial given that it is `least` or more."""
    from scipy.stats import nbinom  # noqa: PLC0415 (slow to load)

    chance = size / (size + mean)
    above = np.maximum(nbinom.sf(least - 1, size, chance), 1e-12)
    found = mean * nbinom.sf(least - 2, np.asarray(size) + 1, chance) / above
    return np.asarray(np.maximum(found, least))
