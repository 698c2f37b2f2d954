"""One learner for tables of readings: will it fail, or which grade is it? Boosted trees, random trees and a line, blended.

Method: gradient boosting on histograms (Friedman 2001; Ke et al. 2017) and extremely randomised trees (Geurts et al. 2006),
both of which take missing values as they are, and a ridge-penalised logistic line on robustly standardised features. Their
weights, and how far rare classes are favoured, are chosen by cross-validation inside the training rows: never on rows that
a figure is reported on. Weak below some tens of rows a class. scikit-learn is loaded when a fit begins, not before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from central.methods import folds
from central.methods.tabular import Hygiene

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

INNER_FOLDS = 3
_LEAST_PROBABILITY = 1e-3
_STEPS = 5


class Member(Protocol):
    """A fitted scikit-learn classifier."""

    def predict_proba(self, values: Floats, /) -> Floats:
        """(n, classes)."""
        ...


@dataclass(frozen=True)
class Settings:
    """How large the members are. seeds: boosted models that are averaged; ridge: inverse penalty of the line."""

    rounds: int = 100
    seeds: int = 1
    trees: int = 150
    ridge: float = 0.01
    is_balanced: bool = False


@dataclass(frozen=True)
class Blend:
    """A fitted learner. weights: (members,), they sum to 1; members: boosted, random trees, line.

    out_of_fold: (n, classes), what models fitted without a row said of it: what calibration and limits are chosen on.
    """

    hygiene: Hygiene
    classes: Ints
    members: tuple[tuple[Member, ...], tuple[Member, ...], tuple[Member, ...]]
    weights: Floats
    out_of_fold: Floats

    def probabilities(self, values: Floats) -> Floats:
        """(n, classes) for rows with the columns of the training table."""
        return np.tensordot(self.weights, _said(self.hygiene, self.members, values), axes=1)


def fit(values: Floats, labels: Ints, seed: int, group: Ints | None = None, settings: Settings | None = None) -> Blend:
    """Learn `labels` (n,) from `values` (n, p). Rows of one `group` are never on both sides of the inner validation,
    unless there are fewer groups than folds. Raises ValueError when there are fewer than two classes.
    """
    settings = settings or Settings()
    classes, truth = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"only label {classes} among {len(labels)} rows: a learner needs two")
    if group is None or len(np.unique(group)) < INNER_FOLDS:
        parts = folds.stratified(truth, INNER_FOLDS, seed)
    else:
        parts = folds.grouped(group, INNER_FOLDS, seed)
    apart = np.zeros((3, len(truth), len(classes)))
    for part in range(INNER_FOLDS):
        inside, outside = parts != part, parts == part
        apart[:, outside] = _apart(values[inside], truth[inside], values[outside], len(classes), seed, settings)
    weights = _weights(apart, truth)
    hygiene, members = _members(values, truth, seed, settings)
    return Blend(hygiene, classes, members, weights, np.tensordot(weights, apart, axes=1))


Members = tuple[tuple[Member, ...], tuple[Member, ...], tuple[Member, ...]]


def _apart(values: Floats, truth: Ints, others: Floats, classes: int, seed: int, settings: Settings) -> Floats:
    known = np.unique(truth)
    said = np.zeros((3, len(others), classes))
    if len(known) == 1:
        said[:, :, known[0]] = 1.0
        return said
    said[:, :, known] = _said(*_members(values, truth, seed, settings), others)
    return said


def _members(values: Floats, truth: Ints, seed: int, settings: Settings) -> tuple[Hygiene, Members]:
    from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier  # noqa: PLC0415 (slow to load)
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    hygiene = Hygiene.of(values)
    clean = hygiene.cleaned(values)
    balance = "balanced" if settings.is_balanced else None
    share = min(0.5, 2.5 / max(clean.shape[1], 1) ** 0.5)
    boosted = tuple(
        HistGradientBoostingClassifier(
            learning_rate=0.06, max_iter=settings.rounds, max_leaf_nodes=12, min_samples_leaf=10, l2_regularization=1.0,
            max_features=share, class_weight=balance, early_stopping=False, random_state=seed * 100 + number,
        ).fit(clean, truth)
        for number in range(settings.seeds)
    )  # fmt: skip
    trees = ExtraTreesClassifier(
        settings.trees, min_samples_leaf=2, max_features=min(0.7, 2 * share), class_weight=balance, random_state=seed
    )
    line = LogisticRegression(C=settings.ridge, max_iter=500, class_weight=balance)
    return hygiene, (boosted, (trees.fit(clean, truth),), (line.fit(hygiene.standardised(values), truth),))


def _said(hygiene: Hygiene, members: Members, values: Floats) -> Floats:
    """What each kind of member says: (3, n, classes)."""
    clean, standard = hygiene.cleaned(values), hygiene.standardised(values)
    tables = (clean, clean, standard)
    pairs = zip(members, tables, strict=True)
    return np.stack([np.mean([one.predict_proba(table) for one in some], axis=0) for some, table in pairs])


def _weights(apart: Floats, truth: Ints) -> Floats:
    """The weights, in steps of a fifth, under which the blend's log loss on rows set aside is least."""
    own = apart[:, np.arange(len(truth)), truth]
    grid = [np.array(one) / _STEPS for one in product(range(_STEPS + 1), repeat=len(apart)) if sum(one) == _STEPS]
    return min(grid, key=lambda weights: float(-np.log(np.maximum(weights @ own, _LEAST_PROBABILITY)).mean()))


def best_favour(said: Floats, truth: Ints, score: Callable[[Ints, Ints], float]) -> float:
    """How far rare classes are favoured (0 not at all, 1 as if all were as frequent) for the best `score` on rows set aside.

    said: (n, classes); truth: (n,) columns of `said`; score(truth, guess): more is better.
    """
    powers: list[float] = np.linspace(0, 1, 11).tolist()
    return max(powers, key=lambda power: score(truth, favoured(said, shares(truth, said.shape[1]), power)))


def shares(truth: Ints, classes: int) -> Floats:
    """How frequent each class is, (classes,), none quite absent."""
    counts = np.bincount(truth, minlength=classes).astype(np.float64)
    return (counts + 0.5) / (len(truth) + 0.5 * classes)


def favoured(said: Floats, frequency: Floats, power: float) -> Ints:
    """The class of each row, (n,), with probabilities divided by the classes' frequency to a power."""
    return np.asarray(np.argmax(said / frequency**power, axis=1), dtype=np.intp)
