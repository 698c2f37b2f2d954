"""How well is demand forecast: parts, groceries with their promotion plan, shops by day? Protocol: benchmarks/README.md."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.forecast_data import Set, carparts, journey, m5
from benchmarks.forecast_peers import PEERS
from benchmarks.report import Figure, Options, Result, run
from central.methods.forecasting.engine import forecast
from central.methods.forecasting.metrics import Score, score
from central.methods.forecasting.panel import Floats
from central.methods.forecasting.training import Settings
from central.methods.forecasting.trees import Shape

LEVELS = np.array([0.5, 0.8, 0.9, 0.95])
QUICK_SERIES = 60
QUICK = Settings(rows=4_000, folds=2, shape=Shape(rounds=30, rate=0.15))


def measure(options: Options) -> Result:
    """The last window of each set, once, or the mean of more windows."""
    return measured([make(options.data) for make in (carparts, journey, m5)], options)


def measured(sets: Sequence[Set], options: Options) -> Result:
    """Each set at each origin."""
    if options.quick:
        sets = [replace(one, panel=one.panel.of(np.arange(min(QUICK_SERIES, len(one.panel.sales))))) for one in sets]
    settings = replace(QUICK if options.quick else Settings(), seed=options.seed or 0)
    rolled = {one.name: one.rolled(options.origins) for one in sets}
    result = told({name: averaged([scores(one, settings) for one in some]) for name, some in rolled.items()})
    windows = ", ".join(f"{name} {len(some)}" for name, some in rolled.items())
    return replace(result, notes=[*result.notes, f"windows, of which scores are the mean: {windows}"])


def scores(one: Set, settings: Settings) -> dict[str, Score]:
    """By name of the forecaster, "ours" last."""
    past, came = one.upto_last_window(), one.window()
    found: dict[str, Score] = {}
    for name, peer in PEERS.items():
        mean, quantiles = peer(past, one.horizon, LEVELS)
        found[name] = score(past.sales, came, mean, quantiles, LEVELS)
    made = forecast(past, one.horizon, settings)
    found["ours"] = score(past.sales, came, made.mean, _at(made.quantiles, made.levels), LEVELS)
    return found


def averaged(windows: Sequence[Mapping[str, Score]]) -> dict[str, Score]:
    """The mean of windows by forecaster; series: of the last window, which comes first."""
    return {who: _mean([window[who] for window in windows]) for who in windows[0]}


def _mean(some: Sequence[Score]) -> Score:
    def over(values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return float(np.mean(known)) if known else None

    wql, coverage = over([one.wql for one in some]), over([one.coverage for one in some])
    rmsse, wape, bias = (np.mean([[one.rmsse, one.wape, one.bias] for one in some], axis=0)).tolist()
    return Score(rmsse, wape, bias, wql, coverage, some[0].series)


def _at(quantiles: Floats, levels: Floats) -> Floats:
    return quantiles[:, :, [int(np.flatnonzero(np.isclose(levels, level))[0]) for level in LEVELS]]


def told(by_set: dict[str, dict[str, Score]]) -> Result:
    """Figures against goals, and the table."""
    figures: dict[str, Figure] = {}
    peers: dict[str, Figure] = {}
    for name, found in by_set.items():
        for who, one in found.items():
            target, prefix = (figures, name) if who == "ours" else (peers, f"{name}_{who}")
            target |= {f"{prefix}_rmsse": round(one.rmsse, 4), f"{prefix}_wape": round(one.wape, 4)}
            target |= {f"{prefix}_wql": one.wql and round(one.wql, 4), f"{prefix}_bias": round(one.bias, 4)}
    over = {name: found["ours"].rmsse / found["SES"].rmsse for name, found in by_set.items()}
    figures["worst_over_ses"] = round(max(over.values()), 4)
    figures["coverage_95_worst"] = round(min(found["ours"].coverage or 0.0 for found in by_set.values()), 4)
    rows = [["set", "forecast", "RMSSE", "WAPE", "bias", "wQL", "cover 95"]]
    rows += [[name, who, *_worded(one)] for name, found in by_set.items() for who, one in found.items()]
    counted = ", ".join(f"{name} {found['ours'].series}" for name, found in by_set.items())
    return Result(figures, peers, rows, "carparts, complete_journey, m5_sample", [f"series counted: {counted}"])


def _worded(one: Score) -> list[str]:
    quantiles = ["-" if each is None else f"{each:.3f}" for each in (one.wql, one.coverage)]
    return [f"{one.rmsse:.3f}", f"{one.wape:.3f}", f"{one.bias:+.3f}", *quantiles]


if __name__ == "__main__":
    run("forecast", "how well is demand forecast?", measure)
