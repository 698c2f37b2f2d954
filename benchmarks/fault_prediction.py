"""Which machine state, plate, wafer or component fails? One learner on four tables, its peers on the same folds.

Protocol: machine states and plates by five stratified folds; hydraulic cycles by five folds of whole blocks of 49 cycles,
because neighbours in time are nearly copies; wafers by the split they come with. Everything is chosen inside the training
rows (`central.methods.classify`, and the limits on its out-of-fold answers). Mean over three seeds of folds and learner.
Peers get the same features, physical ones included.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, matthews_corrcoef, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import fault_data
from benchmarks.datasets import data_folder
from benchmarks.fault_data import Labelled
from benchmarks.report import Options, Result, run
from central.methods import classify, folds
from central.methods.calibration import best_limit, correction

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Scores = dict[str, float]

FOLDS, QUICK_FOLDS = 5, 2
SEEDS = (0, 1, 2)
QUICK = classify.Settings(rounds=20, trees=20)
PEER_ROUNDS = 100  # scikit-learn's own choice


@dataclass(frozen=True)
class Answer:
    """What a learner says of rows it was not fitted on. probabilities: (n, classes); called: (n,) columns of these."""

    probabilities: Floats
    called: Ints


Learner = Callable[[Floats, Ints, Ints | None, Floats, int], Answer]
"""(values, truth, group, other values, seed) → what it says of the others."""


def measure(options: Options) -> Result:
    """Each table once a seed and learner, averaged."""
    folder = data_folder(options.data)
    settings = QUICK if options.quick else classify.Settings()
    learners: dict[str, Learner] = {
        "blend": _blend(settings),
        "hgb": _hgb(QUICK.rounds if options.quick else PEER_ROUNDS),
        "logistic": _logistic,
    }
    seeds, parts = (SEEDS[:1], QUICK_FOLDS) if options.quick else (SEEDS, FOLDS)
    scores = {
        name: _mean([_all_tables(folder, learner, seed, parts) for seed in seeds]) for name, learner in learners.items()
    }
    figures = scores["blend"]
    peers = {f"{name}_{key}": value for name in ("hgb", "logistic") for key, value in scores[name].items()}
    rows = [["", *scores], *([key, *(f"{scores[name][key]:.4f}" for name in scores)] for key in figures)]
    goals = {key: value for key, value in figures.items() if key not in BESIDE}
    return Result(goals, peers | {key: figures[key] for key in BESIDE}, rows, str(folder), (f"mean of {len(seeds)} seeds",))


BESIDE = ("ai4i_brier", "secom_ap")


def _all_tables(folder: Path, learner: Learner, seed: int, parts: int) -> Scores:
    scores = _machines(folder, learner, seed, parts) | _plates(folder, learner, seed, parts)
    return scores | _wafers(folder, learner, seed) | _hydraulic(folder, learner, seed, parts)


def _machines(folder: Path, learner: Learner, seed: int, parts: int) -> Scores:
    table = fault_data.machines(folder)
    answer = _by_folds(table, folds.stratified(table.labels, parts, seed), None, learner, seed)
    failing = answer.probabilities[:, 1]
    return {
        "ai4i_ap": float(average_precision_score(table.labels, failing)),
        "ai4i_mcc": float(matthews_corrcoef(table.labels, answer.called)),
        "ai4i_brier": float(brier_score_loss(table.labels, failing)),
    }


def _plates(folder: Path, learner: Learner, seed: int, parts: int) -> Scores:
    table = fault_data.plates(folder)
    answer = _by_folds(table, folds.stratified(table.labels, parts, seed), None, learner, seed)
    return {"steel_macro_f1": _macro_f1(table.labels, answer.called)}


def _wafers(folder: Path, learner: Learner, seed: int) -> Scores:
    train, test = fault_data.wafers(folder)
    failing = learner(train.values, train.labels, None, test.values, seed).probabilities[:, 1]
    average = float(average_precision_score(test.labels, failing))
    return {"secom_auc": float(roc_auc_score(test.labels, failing)), "secom_ap": average}


def _hydraulic(folder: Path, learner: Learner, seed: int, parts: int) -> Scores:
    rig = fault_data.cycles(folder)
    fold = folds.grouped(rig.block, parts, seed)
    scores = {}
    for name, column in fault_data.GRADES.items():
        _, grade = np.unique(rig.grades[:, column], return_inverse=True)
        answer = _by_folds(Labelled(rig.values, grade), fold, rig.block, learner, seed)
        scores[f"hydraulic_{name}"] = _macro_f1(grade, answer.called)
    return scores


def _by_folds(table: Labelled, fold: Ints, group: Ints | None, learner: Learner, seed: int) -> Answer:
    """Each row answered by a learner that saw neither it nor its group."""
    classes = int(table.labels.max()) + 1
    probabilities, called = np.zeros((len(fold), classes)), np.zeros(len(fold), dtype=np.intp)
    for one in np.unique(fold):
        inside, outside = fold != one, fold == one
        near = None if group is None else group[inside]
        answer = learner(table.values[inside], table.labels[inside], near, table.values[outside], seed)
        known = np.unique(table.labels[inside])
        probabilities[np.ix_(outside, known)] = answer.probabilities
        called[outside] = known[answer.called]
    return Answer(probabilities, called)


def _blend(settings: classify.Settings) -> Learner:
    def answer(values: Floats, labels: Ints, group: Ints | None, others: Floats, seed: int) -> Answer:
        learnt = classify.fit(values, labels, seed, group, settings)
        said, apart = learnt.probabilities(others), learnt.out_of_fold
        truth = np.searchsorted(learnt.classes, labels)
        if len(learnt.classes) > 2:
            favour = classify.best_favour(apart, truth, _macro_f1)
            return Answer(said, classify.favoured(said, classify.shares(truth, said.shape[1]), favour))
        calibrated = correction(apart[:, 1], truth)
        limit = best_limit(calibrated.corrected(apart[:, 1]), truth, matthews_corrcoef)
        failing = calibrated.corrected(said[:, 1])
        return Answer(np.column_stack([1 - failing, failing]), (failing >= limit).astype(np.intp))

    return answer


def _hgb(rounds: int) -> Learner:
    def answer(values: Floats, labels: Ints, _group: Ints | None, others: Floats, seed: int) -> Answer:
        trees = HistGradientBoostingClassifier(max_iter=rounds, random_state=seed)
        said = trees.fit(values, labels).predict_proba(others)
        return Answer(said, said.argmax(axis=1))

    return answer


def _logistic(values: Floats, labels: Ints, _group: Ints | None, others: Floats, _seed: int) -> Answer:
    line = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(max_iter=1000))
    said = line.fit(values, labels).predict_proba(others)
    return Answer(said, said.argmax(axis=1))


def _macro_f1(truth: Ints, called: Ints) -> float:
    return float(f1_score(truth, called, average="macro", zero_division=0))


def _mean(scores: list[Scores]) -> Scores:
    return {key: float(np.mean([one[key] for one in scores])) for key in scores[0]}


if __name__ == "__main__":
    run("fault_prediction", "which state, plate, wafer or component fails?", measure)
