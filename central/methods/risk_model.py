"""A fitted yes-or-no learner as plain values: written once, kept as text, asked without scikit-learn. Pure.

`written` takes the trees and the line out of a `classify.Blend`; `RiskModel.probabilities` then gives the same numbers as
the blend with its correction. Nothing of it can run code when it is read, unlike a pickle.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from central.methods.calibration import Correction, correction
from central.methods.classify import Blend

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

FORMAT = 1
_LARGEST = 1.7e308  # a split on missing or not has an infinite threshold, which JSON lacks
_LEAF = -1


class Tree(Struct, frozen=True):
    """One entry a node; feature -1 is a leaf, which answers `value`. At or below its threshold a row goes left."""

    feature: list[int]
    threshold: list[float]
    missing_left: list[bool]
    left: list[int]
    right: list[int]
    value: list[float]


class Boosted(Struct, frozen=True):
    """Log odds = offset + the sum of what the trees answer."""

    offset: float
    trees: list[Tree]


class RiskModel(Struct, frozen=True, kw_only=True):
    """Columns `kept` of the table, their `usual` value (median) and `scale`; members, their weights, and the correction.

    known, failed: calibrated probability and fate of each training row, answered by models that had not seen it.
    """

    kept: list[int]
    usual: list[float]
    scale: list[float]
    weights: list[float]
    boosted: list[Boosted]
    random: list[Tree]
    line: list[float]
    line_offset: float
    slope: float
    offset: float
    known: list[float]
    failed: list[int]
    format: int = FORMAT

    def probabilities(self, values: Floats) -> Floats:
        """The calibrated chance that each row fails, (n,), for rows with the columns of the training table, (n, p)."""
        return self.of_kept(values[:, self.kept])

    def of_kept(self, kept: Floats) -> Floats:
        """The same for rows that hold the kept columns only, (n, q)."""
        boosted = np.mean([_chance(one.offset + _summed(one.trees, kept)) for one in self.boosted], axis=0)
        rounded = kept.astype(np.float32).astype(np.float64)  # as random trees see their rows
        random = _summed(self.random, rounded) / max(len(self.random), 1)
        away = np.clip((kept - np.array(self.usual)) / np.array(self.scale), -4.0, 4.0)
        line = _chance(np.nan_to_num(away) @ np.array(self.line) + self.line_offset)
        blended = np.array(self.weights) @ np.stack([boosted, random, line])
        return Correction(self.slope, self.offset).corrected(blended)


def written(blend: Blend, failed: Ints) -> RiskModel:
    """The model that a blend of two classes has learned; failed: (n,) its training rows' fate, 1 failed."""
    boosted, random, line = blend.members
    repaired = correction(blend.out_of_fold[:, 1], failed)
    (forest,), (straight,) = _fitted(random), _fitted(line)
    return RiskModel(
        kept=blend.hygiene.kept.tolist(),
        usual=blend.hygiene.median.tolist(),
        scale=blend.hygiene.scale.tolist(),
        weights=blend.weights.tolist(),
        boosted=[_boosted(one) for one in _fitted(boosted)],
        random=[_random_tree(one.tree_) for one in forest.estimators_],
        line=straight.coef_[0].tolist(),
        line_offset=float(straight.intercept_[0]),
        slope=repaired.slope,
        offset=repaired.offset,
        known=np.round(repaired.corrected(blend.out_of_fold[:, 1]), 6).tolist(),
        failed=failed.tolist(),
    )


def _fitted(members: Sequence[object]) -> Sequence[Any]:
    """scikit-learn's own objects, whose insides have no types."""
    return members


def _boosted(one: Any) -> Boosted:
    # What scikit-learn keeps its trees in is not part of its promises: a test compares every answer with its own.
    nodes = [each[0].nodes for each in one._predictors]
    return Boosted(float(np.ravel(one._baseline_prediction)[0]), [_boosted_tree(each) for each in nodes])


def _boosted_tree(nodes: Any) -> Tree:
    is_leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        np.where(is_leaf, _LEAF, nodes["feature_idx"]).tolist(),
        np.minimum(nodes["num_threshold"], _LARGEST).tolist(),
        nodes["missing_go_to_left"].astype(bool).tolist(),
        nodes["left"].tolist(),
        nodes["right"].tolist(),
        nodes["value"].tolist(),
    )


def _random_tree(tree: Any) -> Tree:
    share = tree.value[:, 0, :] / tree.value[:, 0, :].sum(axis=1, keepdims=True)
    return Tree(
        np.where(tree.children_left < 0, _LEAF, tree.feature).tolist(),
        tree.threshold.tolist(),
        tree.missing_go_to_left.astype(bool).tolist(),
        tree.children_left.tolist(),
        tree.children_right.tolist(),
        share[:, 1].tolist(),
    )


def _summed(trees: Sequence[Tree], rows: Floats) -> Floats:
    return np.sum([_answers(tree, rows) for tree in trees], axis=0) if trees else np.zeros(len(rows))


def _answers(tree: Tree, rows: Floats) -> Floats:
    feature, threshold = np.array(tree.feature), np.array(tree.threshold)
    left, right, missing_left = np.array(tree.left), np.array(tree.right), np.array(tree.missing_left)
    at = np.zeros(len(rows), dtype=np.intp)
    while (walking := np.flatnonzero(feature[at] != _LEAF)).size:
        node = at[walking]
        seen = rows[walking, feature[node]]
        goes_left = np.where(np.isnan(seen), missing_left[node], seen <= threshold[node])
        at[walking] = np.where(goes_left, left[node], right[node])
    return np.array(tree.value)[at]


def _chance(log_odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-log_odds))
