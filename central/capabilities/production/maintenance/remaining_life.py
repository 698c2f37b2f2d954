"""Remaining life learned from machines that ran to failure, with intervals that hold for machines not seen. Pure.

Method: members learn the remaining life, capped, from windows of the channels (`windows.py`, `members.py`). All else is
chosen by cross-validation over machines, never over rows: the weight of each member, how much earlier than expected to
warn (late is dearer than early: the PHM 2008 score), and the interval (`central.methods.conformal`). Its cases are
cut at the ages of machines that run now, where that leaves a machine no more than twice the gap between the mean life of
those that failed and the mean age of those that run. Weak beyond `cap`: machines without a sign of wear are told apart by
nothing but their age.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from central.capabilities.production.maintenance.members import MEMBERS, Learn, Predict
from central.capabilities.production.maintenance.windows import features
from central.methods.conformal import Calibration

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
EARLIER = tuple(step / 2 for step in range(11))  # rows
WEIGHTS = tuple(each for each in product((0.0, 0.25, 0.5, 0.75, 1.0), repeat=len(MEMBERS)) if sum(each) == 1)


@dataclass(frozen=True)
class Settings:
    """cap: remaining rows beyond which lives are not told apart; folds: of machines; cuts: cases a machine; thin: every how
    many-th row is learned from; width: of the interval's kernel, in rows."""

    cap: float = 125.0
    folds: int = 5
    cuts: int = 20
    thin: int = 1
    width: float = 8.0


@dataclass(frozen=True)
class Estimate:
    """Remaining rows: point estimate, and the interval that holds it with the share asked for."""

    remaining: float
    low: float
    high: float


@dataclass(frozen=True)
class Cases:
    """Cut points of machines that failed. machine, row: (n,); truth: (n,) remaining rows."""

    machine: Ints
    row: Ints
    truth: Floats


@dataclass(frozen=True)
class Scale:
    """Channels that vary, with their mean and spread over all machines."""

    channels: Ints
    mean: Floats
    spread: Floats

    def apply(self, history: Floats) -> Floats:
        """The channels in units of their spread."""
        scaled: Floats = (history[:, self.channels] - self.mean) / self.spread
        return scaled


@dataclass(frozen=True)
class RemainingLife:
    """A learned model. weights: member → its share; earlier: rows taken off the estimate."""

    scale: Scale
    members: Mapping[str, Predict]
    weights: Mapping[str, float]
    earlier: float
    calibration: Calibration
    settings: Settings

    def point(self, history: Floats) -> float:
        """Remaining rows after the last row of a history."""
        last = features(self.scale.apply(history))[-1:]
        found = {name: _capped(predict(last), self.settings.cap) for name, predict in self.members.items()}
        return float(_mixed(found, self.weights, self.earlier)[0])

    def estimates(self, histories: Sequence[Floats], share: float) -> list[Estimate]:
        """The point and an interval for each history."""
        nominal = self.calibration.nominal(share)
        return [self._estimate(self.point(history), nominal) for history in histories]

    def _estimate(self, point: float, nominal: float) -> Estimate:
        low, high = self.calibration.interval(point, nominal)
        return Estimate(point, max(low, 0.0), max(high, 0.0))


def fitted(histories: Sequence[Floats], ages: Sequence[int], seed: int, settings: Settings) -> RemainingLife:
    """Learn from whole lives (rows, channels) of machines that failed; ages: rows of those that run now.

    Raises ValueError with fewer machines than folds.
    """
    if len(histories) < 2 * settings.folds:
        raise ValueError(f"{len(histories)} machines ran to failure, at least {2 * settings.folds} are needed to learn")
    scale = scale_of(histories)
    known = [features(scale.apply(history)) for history in histories]
    rng = np.random.default_rng(seed)
    cases = cases_of([len(history) for history in histories], ages, rng, settings)
    found = out_of_fold(known, cases, rng, seed, settings)
    weights, earlier = _chosen(found, cases.truth)
    points = _mixed(found, weights, earlier)
    used = {name: learn for name, learn in MEMBERS.items() if weights[name] > 0}
    members = _learned(used, known, range(len(known)), seed, settings)
    _, unit = np.unique(cases.machine, return_inverse=True)
    calibration = Calibration(points, cases.truth - points, unit, settings.width)
    return RemainingLife(scale, members, weights, earlier, calibration, settings)


def scale_of(histories: Sequence[Floats]) -> Scale:
    """Mean and spread of the channels that take more than two values."""
    rows = np.concatenate(histories)
    channels = np.array([n for n in range(rows.shape[1]) if len(np.unique(rows[:, n])) > 2], dtype=np.intp)
    return Scale(channels, rows[:, channels].mean(axis=0), np.maximum(rows[:, channels].std(axis=0), 1e-12))


def cases_of(lives: Sequence[int], ages: Sequence[int], rng: np.random.Generator, settings: Settings) -> Cases:
    """Cut points as the machines that run now are cut."""
    most = max(2 * (float(np.mean(lives)) - float(np.mean(ages))), 2.0)
    rows = [_cuts(life, np.asarray(ages, dtype=np.intp), most, rng, settings) for life in lives]
    machine = np.repeat(np.arange(len(lives)), settings.cuts)
    row = np.concatenate(rows) - 1
    return Cases(machine, row, (np.asarray(lives)[machine] - 1 - row).astype(np.float64))


def _cuts(life: int, ages: Ints, most: float, rng: np.random.Generator, settings: Settings) -> Ints:
    """Ages at which a machine is asked about: those of running machines that it reached and that leave it `most` or less."""
    possible = ages[(ages < life) & (life - ages <= most)]
    if not len(possible):
        possible = np.arange(max(life - int(most), 1), max(life, 2))
    return rng.choice(possible, settings.cuts)


def out_of_fold(
    known: Sequence[Floats], cases: Cases, rng: np.random.Generator, seed: int, settings: Settings
) -> dict[str, Floats]:
    """Member → what it says of each case, learned without the case's machine."""
    found = {name: np.empty(len(cases.truth)) for name in MEMBERS}
    for fold in np.array_split(rng.permutation(len(known)), settings.folds):
        rest = [machine for machine in range(len(known)) if machine not in set(fold.tolist())]
        learned = _learned(MEMBERS, known, rest, seed, settings)
        own = np.flatnonzero(np.isin(cases.machine, fold))
        asked = np.array([known[cases.machine[case]][cases.row[case]] for case in own])
        for name, predict in learned.items():
            found[name][own] = _capped(predict(asked), settings.cap)
    return found


def phm_score(error: Floats) -> float:
    """Sum over machines; error: predicted minus true. Saxena, Goebel, Simon, Eklund (2008)."""
    bounded = np.clip(error, -500.0, 500.0)
    return float(np.where(bounded < 0, np.expm1(-bounded / 13), np.expm1(bounded / 10)).sum())


def never_rising(points: Sequence[float], trust: float = 0.3) -> list[float]:
    """Estimates of one machine, one a row, smoothed: each row takes one off, news counts by `trust`, and it never rises."""
    smoothed = list(points[:1])
    for point in points[1:]:
        expected = max(smoothed[-1] - 1, 0.0)
        smoothed.append(min(smoothed[-1], expected + trust * (point - expected)))
    return smoothed


def _learned(
    learners: Mapping[str, Learn], known: Sequence[Floats], machines: Sequence[int], seed: int, settings: Settings
) -> dict[str, Predict]:
    rows = np.concatenate([known[machine][:: settings.thin] for machine in machines])
    left = np.concatenate([np.arange(len(known[machine]))[::-1][:: settings.thin] for machine in machines])
    share = np.minimum(left, settings.cap) / settings.cap
    return {name: learn(rows, share, seed) for name, learn in learners.items()}


def _capped(share: Floats, cap: float) -> Floats:
    capped: Floats = np.clip(share, 0.0, 1.0) * cap
    return capped


def _mixed(found: Mapping[str, Floats], weights: Mapping[str, float], earlier: float) -> Floats:
    mixed = sum((weights[name] * values for name, values in found.items()), np.zeros(1))
    return np.maximum(mixed - earlier, 0.0)


def _chosen(found: Mapping[str, Floats], truth: Floats) -> tuple[dict[str, float], float]:
    """The weights of least squared error, then how much earlier to warn: what loses least of error and score together."""
    choices = [dict(zip(MEMBERS, weights, strict=True)) for weights in WEIGHTS]
    weights = min(choices, key=lambda each: float(np.mean((_mixed(found, each, 0.0) - truth) ** 2)))
    plain = _mixed(found, weights, 0.0) - truth

    def lost(earlier: float) -> float:
        error = _mixed(found, weights, earlier) - truth
        squared = float(np.sum(error**2) / max(float(np.sum(plain**2)), 1e-12))
        return squared + phm_score(error) / max(phm_score(plain), 1e-12)

    return weights, min(EARLIER, key=lost)
