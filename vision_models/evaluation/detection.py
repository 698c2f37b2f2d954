"""Figures of a counting model: average precision at IoU 0.5, error of the count, share within one.

Average precision is the area under the precision envelope over recall (all-point interpolation, Pascal VOC 2010).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vision_models.inference.arrays import Floats, Integers
from vision_models.inference.boxes import overlaps
from vision_models.inference.detections import Detections

_MATCH_OVERLAP = 0.5


@dataclass(frozen=True)
class CountFigures:
    """count_mae: mean of |counted - true| in things; within_one: share of pictures at most one off; bias: mean of
    counted - true."""

    pictures: int
    mean_true: float
    count_mae: float
    within_one: float
    bias: float


def average_precision(found: Sequence[Detections], truths: Sequence[Floats]) -> float:
    """Average precision at IoU 0.5 over pictures: their detections and true boxes (k, 4)."""
    return precision_of([matched(one, truth) for one, truth in zip(found, truths, strict=True)])


@dataclass(frozen=True)
class Matched:
    """The detections of one picture: their scores, 1 or 0 for whether each hit; and how many things there were to hit."""

    scores: Floats
    hits: Floats
    true: int


def matched(found: Detections, truth: Floats) -> Matched:
    """Hold the detections of a picture against its true boxes (k, 4)."""
    return Matched(found.scores, _hits(found, truth), len(truth))


def precision_of(pictures: Sequence[Matched]) -> float:
    """Average precision over pictures whose detections were matched."""
    scores = np.concatenate([one.scores for one in pictures])
    hits = np.concatenate([one.hits for one in pictures])
    total = sum(one.true for one in pictures)
    if not total or not len(scores):
        return 0.0
    right = np.cumsum(hits[np.argsort(-scores, kind="stable")])
    precision = right / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(right / total, prepend=0.0) * envelope))


def count_figures(counted: Integers, true: Integers) -> CountFigures:
    """Errors of n counts against n true ones."""
    errors = np.asarray(counted, dtype=np.float64) - true
    return CountFigures(
        pictures=len(errors),
        mean_true=float(np.mean(true)),
        count_mae=float(np.abs(errors).mean()),
        within_one=float((np.abs(errors) <= 1.0).mean()),
        bias=float(errors.mean()),
    )


def _hits(found: Detections, truth: Floats) -> Floats:
    """1 for each detection that is the best of a true box not yet taken, else 0: (n,), in the order of the detections."""
    hits = np.zeros(len(found), dtype=np.float32)
    if not len(found) or not len(truth):
        return hits
    fit = overlaps(found.boxes_px, truth)
    for index in np.argsort(-found.scores, kind="stable"):
        best = int(fit[index].argmax())
        if fit[index, best] >= _MATCH_OVERLAP:
            hits[index] = 1.0
            fit[:, best] = -1.0
    return hits
