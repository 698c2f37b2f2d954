"""How much demand hides behind empty shelves, and how much of it is found again?

Shops' real daily sales stand for demand; each unit comes at a random moment of the day, and a shelf filled each morning to a
fixed height sells out where demand is higher. A camera looks every half hour. Bias: mean demand found over true, less one.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.forecast_data import m5
from benchmarks.report import Figure, Options, Result, run
from central.methods.forecasting.censored import demand_at_least, latent_demand
from central.methods.forecasting.panel import Bools, Floats

DAYS = 364
LOOKS = 28
FILLS = (0.76, 0.82, 0.9)
SEEDS = 3


@dataclass(frozen=True)
class Shelf:
    """demand, sales, available: (n, t); sold_out: at the end of the day."""

    demand: Floats
    sales: Floats
    available: Floats
    sold_out: Bools


def measure(options: Options) -> Result:
    """Each fill, the mean of seeds."""
    sales = m5(options.data).panel.sales[:, -(90 if options.quick else DAYS) :]
    demand = np.nan_to_num(sales[np.nan_to_num(sales).sum(1) > 0])
    first = options.seed or 0
    seeds = range(first, first + (1 if options.quick else SEEDS))
    found = {fill: [biases(shelf(demand, fill, seed)) for seed in seeds] for fill in FILLS}
    means = {fill: {name: float(np.mean([one[name] for one in some])) for name in some[0]} for fill, some in found.items()}
    figures: dict[str, Figure] = {
        f"abs_bias_at_{fill * 100:.0f}_fill": round(abs(means[fill]["ours, camera"]), 4) for fill in FILLS
    }
    peers: dict[str, Figure] = {
        f"{name}_at_{fill * 100:.0f}": round(bias, 4)
        for fill, some in means.items()
        for name, bias in some.items()
        if name != "ours, camera"
    }
    rows = [["demand from", *(f"bias at {fill:.0%} fill" for fill in FILLS)]]
    rows += [[name, *(f"{means[fill][name]:+.1%}" for fill in FILLS)] for name in means[FILLS[0]]]
    return Result(
        figures, peers, rows, "m5_sample", [f"{len(demand)} items of shops, {demand.shape[1]} days, {len(seeds)} seeds"]
    )


def shelf(demand: Floats, fill: float, seed: int) -> Shelf:
    """What is sold and seen when shelves hold a common multiple of each item's mean that meets `fill` of demand."""
    stock = _stock(demand, fill)
    rng = np.random.default_rng(seed)
    sales = np.minimum(demand, stock[:, None])
    sold_out = demand >= stock[:, None]
    # the k-th of n units that come at random moments: a beta variable
    after = rng.beta(np.maximum(sales, 1), np.maximum(demand - sales + 1, 1))
    looked = np.ceil(after * LOOKS) / LOOKS
    return Shelf(demand, sales, np.where(sold_out, looked, 1.0), sold_out)


def _stock(demand: Floats, fill: float) -> Floats:
    low, high = 0.0, 20.0
    for _ in range(40):
        middle = (low + high) / 2
        stock = np.maximum(np.round(middle * demand.mean(1)), 1.0)
        met = np.minimum(demand, stock[:, None]).sum() / demand.sum()
        low, high = (middle, high) if met < fill else (low, middle)
    return np.asarray(np.maximum(np.round(high * demand.mean(1)), 1.0))


def biases(seen: Shelf) -> dict[str, float]:
    """Bias of the total mean demand by each way to estimate it."""
    truth = float(seen.demand.mean(1).sum())
    open_days = np.where(seen.sold_out, np.nan, seen.sales)
    kept = np.nan_to_num(np.where(np.isfinite(open_days).any(1), np.nansum(open_days, 1), 0)) / np.maximum(
        np.isfinite(open_days).sum(1), 1
    )
    estimates = {
        "sales as they are": seen.sales.mean(1),
        "days sold out left out": kept,
        "Poisson, sold out known": poisson_em(seen.sales, seen.sold_out),
        "ours, sold out known": demand_at_least(seen.sales, seen.sold_out).mean,
        "ours, camera": latent_demand(seen.sales, seen.available).mean,
    }
    return {name: float(one.sum()) / truth - 1 for name, one in estimates.items()}


def poisson_em(sales: Floats, sold_out: Bools) -> Floats:
    """(n,) mean by the usual remedy: a Poisson whose sold-out days were that or more."""
    from scipy.stats import poisson  # noqa: PLC0415 (slow to load)

    mean = np.maximum(sales.mean(1), 1e-6)
    for _ in range(100):
        rate = mean[:, None]
        above = rate * poisson.sf(sales - 2, rate) / np.maximum(poisson.sf(sales - 1, rate), 1e-12)
        mean = np.where(sold_out, np.maximum(above, sales), sales).mean(1)
    return np.asarray(mean)


if __name__ == "__main__":
    run("censoring", "how much demand hides behind empty shelves, and is it found?", measure)
