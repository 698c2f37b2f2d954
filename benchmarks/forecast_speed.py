"""How long do a thousand weekly series take, fitted and forecast with quantiles? AutoETS gets a part of the same."""

import json
import os
import subprocess
import time
from pathlib import Path

import numpy as np

from benchmarks.report import Figure, Options, Result, run
from central.methods.forecasting.engine import fit, forecast, predict
from central.methods.forecasting.panel import Floats, Panel
from central.methods.forecasting.training import Settings

VARIABLE = "TALLYHOUSE_STATSFORECAST_PYTHON"
SERIES = 10_000
WEEKS = 104
HORIZON = 8
WINDOWS = [(step, step + 1) for step in range(HORIZON)]
CORES = 2
PEER_SERIES = 400
PARTITION = 5_000
_PEER = Path(__file__).parent / "peers" / "auto_ets.py"


def measure(options: Options) -> Result:
    """CPU seconds on two cores for each thousand: ours fitted once on a sample, told by partitions; the peer on a part."""
    count = 400 if options.quick else SERIES
    sales = made(count, options.seed or 0)
    settings = Settings(rows=5_000) if options.quick else Settings()
    began = time.process_time()
    fitted = fit(Panel(sales, season=52), WINDOWS, settings)
    for first in range(0, count, PARTITION):
        predict(fitted, Panel(sales[first : first + PARTITION], season=52))
    ours = (time.process_time() - began) / count * 1000 / CORES
    alone = time.process_time()
    forecast(Panel(sales[:1000], season=52), HORIZON, settings)
    small = (time.process_time() - alone) / min(count, 1000) * 1000 / CORES
    peer = _auto_ets(sales[: 40 if options.quick else PEER_SERIES])
    figures: dict[str, Figure] = {"s_per_1000_series": round(ours, 2), "s_one_thousand_alone": round(small, 2)}
    figures["minutes_per_100000"] = round(ours * 100 / 60, 1)
    peers: dict[str, Figure] = {"auto_ets_s_per_1000": "not installed" if peer is None else round(peer, 2)}
    rows = [["forecast", "s for 1,000 series"], [f"ours, {count:,} series", f"{ours:.2f}"]]
    rows += [["ours, 1,000 series alone", f"{small:.2f}"]]
    rows += [["statsforecast AutoETS", "not installed" if peer is None else f"{peer:.2f}"]]
    return Result(
        figures,
        peers,
        rows,
        notes=[f"{WEEKS} weeks, {HORIZON} ahead, 11 quantiles; CPU seconds of one thread, halved for two cores, for both"],
    )


def made(count: int, seed: int) -> Floats:
    """(count, WEEKS) negative binomial counts with level, season and drift of their own."""
    rng = np.random.default_rng(seed)
    week = np.arange(WEEKS)
    level = rng.lognormal(1.5, 1.3, (count, 1))
    season = 1 + rng.uniform(0, 0.5, (count, 1)) * np.sin(2 * np.pi * (week / 52 + rng.uniform(0, 1, (count, 1))))
    drift = np.exp(np.cumsum(rng.normal(0, 0.04, (count, WEEKS)), axis=1))
    mean = level * season * drift
    return np.asarray(rng.poisson(mean * rng.gamma(3, 1 / 3, mean.shape)), dtype=np.float64)


def _auto_ets(sales: Floats) -> float | None:
    """Seconds for a thousand on two cores; None where it is not installed."""
    interpreter = os.environ.get(VARIABLE)
    if interpreter is None:
        return None
    said = json.dumps({"sales": sales.tolist(), "horizon": HORIZON})
    done = subprocess.run([interpreter, str(_PEER)], input=said, capture_output=True, text=True, check=True, timeout=580)
    return float(json.loads(done.stdout)["seconds"]) / len(sales) * 1000 / CORES


if __name__ == "__main__":
    run("forecast_speed", "how long do a thousand weekly series take?", measure)
