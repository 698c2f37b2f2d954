"""How well is remaining life told on engines that ran to failure (C-MAPSS), and does the interval hold what it promises?

Every folder `cmapss_*` is a set: train_*, test_*, RUL_*. Truth is not capped. All choices are made by cross-validation
over the training engines; of the test engines only how long they ran is used. Peers learn from the same windows, capped
at the same life; their interval is a plain split-conformal one: twenty engines aside, all their rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import DataMissing, data_folder, files
from benchmarks.report import Figure, Options, Result, run
from central.capabilities.production.maintenance import remaining_life
from central.capabilities.production.maintenance.remaining_life import Settings, phm_score
from central.capabilities.production.maintenance.windows import features

SHARE = 0.9
SEEDS = (0, 1, 2)
ASIDE = 20
FIRST_CHANNEL = 2  # after unit and cycle
QUICK_ENGINES = 24
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fleet:
    """One set. histories: whole lives; running: cut before failure, with their true remaining cycles."""

    name: str
    histories: list[Floats]
    running: list[Floats]
    truth: Floats


@dataclass(frozen=True)
class Told:
    """What one way said of the running engines: (engines,) each."""

    point: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Scores:
    """RMSE in cycles, PHM score summed over engines, share of engines inside the interval, its mean width in cycles."""

    rmse: float
    score: float
    coverage: float
    width: float


def measure(options: Options) -> Result:
    """Every set that is there."""
    folder = data_folder(options.data) / "sensors"
    folders = sorted({path.parent for path in files(folder, "cmapss_*/train_*.txt")})
    rows = [["set", "way", "RMSE", "PHM score", "covered at 90 %", "mean width"]]
    figures: dict[str, Figure] = {}
    peers: dict[str, Figure] = {}
    for place in folders:
        fleet = _fleet(place, options.quick)
        scored = _scored(fleet, options.quick)
        rows += [_row(fleet, way, scores) for way, scores in scored.items()]
        figures |= _figures(fleet.name, scored.pop("tallyhouse"))
        peers |= {f"{way}_{key}": value for way, each in scored.items() for key, value in _figures(fleet.name, each).items()}
    notes = (f"mean of {len(_seeds(options.quick))} seeds; widths end at nothing below; truth not capped",)
    return Result(figures, peers, rows, data=str(folder), notes=notes)


def _fleet(folder: Path, is_quick: bool) -> Fleet:
    train, test, truth = (_only(folder, f"{name}_*.txt") for name in ("train", "test", "RUL"))
    histories, running = (_engines(np.loadtxt(path)) for path in (train, test))
    left = np.loadtxt(truth, ndmin=1)
    if len(left) != len(running):
        raise DataMissing(f"{truth} holds {len(left)} lives for {len(running)} engines: are the files of one set?")
    most = QUICK_ENGINES if is_quick else None
    return Fleet(train.stem.removeprefix("train_").lower(), histories[:most], running, left)


def _only(folder: Path, pattern: str) -> Path:
    return files(folder, pattern)[0]


def _engines(table: Floats) -> list[Floats]:
    return [table[table[:, 0] == unit][:, FIRST_CHANNEL:] for unit in np.unique(table[:, 0])]


def _seeds(is_quick: bool) -> tuple[int, ...]:
    return SEEDS[:1] if is_quick else SEEDS


def _scored(fleet: Fleet, is_quick: bool) -> dict[str, Scores]:
    settings = Settings(folds=2, cuts=4, thin=4) if is_quick else Settings()
    ways: dict[str, Callable[[int], Told]] = {
        "tallyhouse": lambda seed: _ours(fleet, seed, settings),
        "hgb": lambda seed: _peer(fleet, seed, settings, _hgb),
        "ridge": lambda seed: _peer(fleet, seed, settings, _ridge),
    }
    return {way: _mean([_score(fleet, tell(seed)) for seed in _seeds(is_quick)]) for way, tell in ways.items()}


def _ours(fleet: Fleet, seed: int, settings: Settings) -> Told:
    ages = [len(history) for history in fleet.running]
    model = remaining_life.fitted(fleet.histories, ages, seed, settings)
    found = model.estimates(fleet.running, SHARE)
    return Told(*(np.array([getattr(each, name) for each in found]) for name in ("remaining", "low", "high")))


def _peer(fleet: Fleet, seed: int, settings: Settings, make: Callable[[int], Any]) -> Told:
    scale = remaining_life.scale_of(fleet.histories)
    known = [features(scale.apply(history)) for history in fleet.histories]
    asked = np.array([features(scale.apply(history))[-1] for history in fleet.running])
    order = np.random.default_rng(seed).permutation(len(known))
    aside, rest = order[: min(ASIDE, len(known) // 3)], order[min(ASIDE, len(known) // 3) :]
    point = _learned(make(seed), known, range(len(known)), settings).predict(asked)
    rows, left = _stacked(known, aside, settings.cap)
    residual = np.abs(left - _learned(make(seed), known, rest, settings).predict(rows))
    half = float(np.quantile(residual, SHARE))
    return Told(point, np.maximum(point - half, 0.0), point + half)


def _hgb(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415

    return HistGradientBoostingRegressor(random_state=seed)


def _ridge(_seed: int) -> Any:
    from sklearn.linear_model import Ridge  # noqa: PLC0415

    return Ridge()


def _learned(model: Any, known: list[Floats], engines: Any, settings: Settings) -> Any:
    return model.fit(*_stacked(known, engines, settings.cap))


def _stacked(known: list[Floats], engines: Any, cap: float) -> tuple[Floats, Floats]:
    left = np.concatenate([np.arange(len(known[engine]))[::-1] for engine in engines])
    return np.concatenate([known[engine] for engine in engines]), np.minimum(left, cap)


def _score(fleet: Fleet, told: Told) -> Scores:
    error = told.point - fleet.truth
    inside = (told.low <= fleet.truth) & (fleet.truth <= told.high)
    width = float(np.mean(told.high - told.low))
    return Scores(float(np.sqrt(np.mean(error**2))), phm_score(error), float(np.mean(inside)), width)


def _mean(scores: list[Scores]) -> Scores:
    means = [float(np.mean([getattr(each, name) for each in scores])) for name in Scores.__dataclass_fields__]
    return Scores(*means)


def _row(fleet: Fleet, way: str, scores: Scores) -> list[str]:
    return [
        fleet.name,
        way,
        f"{scores.rmse:.2f}",
        f"{scores.score:.0f}",
        f"{scores.coverage:.1%}",
        f"{scores.width:.1f}",
    ]


def _figures(name: str, scores: Scores) -> dict[str, Figure]:
    return {
        f"{name}_rmse": round(scores.rmse, 3),
        f"{name}_score": round(scores.score, 1),
        f"{name}_coverage_90": round(scores.coverage, 4),
    }


if __name__ == "__main__":
    run("rul", "How well is remaining life told, and does its interval hold?", measure)
