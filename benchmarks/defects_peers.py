"""Simple versions of two methods that the field measures itself by, on the same features, with the limit everyone sets."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vision_models.inference.arrays import Floats

PATCHES, DIMENSIONS, FOLDS = 5000, 60, 5
Scorer = Callable[[Floats], float]


@dataclass(frozen=True)
class Judged:
    """Scores of good and of flawed parts, and mean + 3 standard deviations of left-out taught ones."""

    good: Floats
    flawed: Floats
    limit: float


def patchcore_lite(taught: Floats) -> Scorer:
    """PatchCore without its coreset: distance to the nearest of 5,000 random places, mean of the three farthest."""
    places = taught.reshape(-1, taught.shape[3])
    bank = places[np.random.default_rng(0).permutation(len(places))[:PATCHES]]
    lengths = (bank**2).sum(axis=1)

    def score(features: Floats) -> float:
        found = features.reshape(-1, features.shape[2])
        squares = ((found**2).sum(axis=1)[:, None] + lengths - 2 * found @ bank.T).min(axis=1)
        return float(np.sqrt(np.maximum(np.partition(squares, -3)[-3:], 0)).mean())

    return score


def padim_lite(taught: Floats) -> Scorer:
    """PaDiM: a Gaussian for each place over 60 random channels, the farthest place counts."""
    chosen = np.random.default_rng(0).permutation(taught.shape[3])[:DIMENSIONS]
    some = taught[..., chosen].astype(np.float64)
    mean = some.mean(axis=0)
    away = some - mean
    covariance = np.einsum("nhwc,nhwd->hwcd", away, away) / (len(some) - 1) + 0.01 * np.eye(len(chosen))
    inverse = np.linalg.inv(covariance)

    def score(features: Floats) -> float:
        apart = features[..., chosen] - mean
        return float(np.sqrt(np.einsum("hwc,hwcd,hwd->hw", apart, inverse, apart, optimize=True).max()))

    return score


def judged(learn: Callable[[Floats], Scorer], taught: Floats, good: Floats, flawed: Floats) -> Judged:
    """A method on a set; its limit from five folds of the taught parts."""
    scores = left_out(learn, taught)
    by_all = learn(taught)
    of_good, of_flawed = (np.array([by_all(one) for one in parts], dtype=np.float32) for parts in (good, flawed))
    return Judged(of_good, of_flawed, float(scores.mean() + 3 * scores.std(ddof=1)))


def left_out(learn: Callable[[Floats], Scorer], taught: Floats) -> Floats:
    """Scores of the taught parts (n,), each by a model of the other folds."""
    fold_of = np.arange(len(taught)) % FOLDS
    scores = np.zeros(len(taught), dtype=np.float32)
    for fold in range(FOLDS):
        score = learn(taught[fold_of != fold])
        for index in np.flatnonzero(fold_of == fold):
            scores[index] = score(taught[index])
    return scores
