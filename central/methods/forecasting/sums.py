"""Demand over a stretch of periods, where only forecasts of single periods are at hand; else `engine.forecast_sums`.

Quantiles of a sum are no sums of quantiles. Here the mean is summed and what forecasts of single periods were wrong by is
summed too, over stretches as long, so that errors which last (a level that moved) count as they last.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from central.methods.forecasting.counts import count_quantiles
from central.methods.forecasting.errors import TooLittle
from central.methods.forecasting.panel import Floats

LEAST_STRETCHES = 8


def sum_quantiles(mean: Floats, errors: Floats, levels: Floats) -> Floats:
    """(n, q) of the sum over h periods. mean: (n, h); errors: (n, e) one-step, outcome less forecast, NaN unknown.

    Negative binomial with the mean's sum and the variance that sums of h errors had, never less than Poisson's. Raises
    TooLittle when fewer than LEAST_STRETCHES stretches of h errors fit in.
    """
    length = mean.shape[1]
    if errors.shape[1] < length + LEAST_STRETCHES - 1:
        needed = length + LEAST_STRETCHES - 1
        raise TooLittle(f"{errors.shape[1]} errors for sums of {length}: {needed} are needed, keep a longer past")
    sums = sliding_window_view(np.nan_to_num(errors), length, axis=1).sum(2)
    total = mean.sum(1)
    return count_quantiles(total, np.maximum((sums**2).mean(1), total), levels)
