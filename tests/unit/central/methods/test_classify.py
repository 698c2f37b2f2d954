"""The learner of tables: what it learns, and that its written form says the same without scikit-learn."""

import numpy as np
import pytest
from msgspec.json import decode, encode

from central.methods import classify, folds
from central.methods.classify import Blend, Settings
from central.methods.risk_model import RiskModel, written
from central.methods.tabular import Floats, Ints

SMALL = Settings(rounds=15, trees=10)


@pytest.fixture(scope="module")
def table() -> tuple[Floats, Ints]:
    """240 rows: fails when the first feature is high and the second low; some values missing, one column useless."""
    rng = np.random.default_rng(5)
    values = rng.standard_normal((240, 4))
    failed = ((values[:, 0] > 0.3) & (values[:, 1] < 0.5)).astype(np.intp)
    values[rng.random(values.shape) < 0.1] = np.nan
    values[:, 3] = 7.0
    return values, failed


@pytest.fixture(scope="module")
def blend(table: tuple[Floats, Ints]) -> Blend:
    """What is learned of it."""
    return classify.fit(*table, seed=0, settings=SMALL)


def test_what_was_written_answers_as_what_was_fitted(table: tuple[Floats, Ints], blend: Blend) -> None:
    """Trees, line, weights and missing values, on rows never seen, after a journey through text."""
    model = decode(encode(written(blend, table[1])), type=RiskModel)
    rows = np.random.default_rng(6).standard_normal((100, 4)) * 2
    rows[::3, 0] = np.nan
    expected = 1 / (1 + np.exp(-(model.slope * _log_odds(blend.probabilities(rows)[:, 1]) + model.offset)))
    assert model.probabilities(rows) == pytest.approx(expected, abs=1e-9)


def _log_odds(probability: Floats) -> Floats:
    return np.log(probability / (1 - probability))


def test_rows_set_aside_are_told_apart(table: tuple[Floats, Ints], blend: Blend) -> None:
    """The out-of-fold answers are better than saying the share of all; else nothing was learned."""
    failed = table[1]
    said = blend.out_of_fold[:, 1]
    assert said[failed == 1].mean() > said[failed == 0].mean() + 0.4
    assert blend.weights.sum() == pytest.approx(1)
    assert blend.hygiene.kept.tolist() == [0, 1, 2]


def test_rows_of_one_day_are_learned_from_too(table: tuple[Floats, Ints]) -> None:
    """Fewer groups than folds: rows are then set aside one by one."""
    values, failed = table
    learned = classify.fit(values, failed, seed=0, group=np.zeros(len(failed), dtype=np.intp), settings=SMALL)
    assert learned.out_of_fold.sum(axis=1) == pytest.approx(1)


def test_one_label_is_nothing_to_learn_from() -> None:
    """Refused with the label that there is."""
    with pytest.raises(ValueError, match="a learner needs two"):
        classify.fit(np.zeros((5, 2)), np.ones(5, dtype=np.intp), seed=0)


def test_favouring_rare_classes_calls_them_sooner() -> None:
    """With power 1 a class is called where it is likelier than its share."""
    said = np.array([[0.8, 0.2]])
    frequency = np.array([0.9, 0.1])
    assert classify.favoured(said, frequency, 0.0).tolist() == [0]
    assert classify.favoured(said, frequency, 1.0).tolist() == [1]


def test_no_group_is_on_both_sides_and_every_label_is_in_each_fold() -> None:
    """Neighbours in time stay together; rare labels are spread."""
    group = np.repeat(np.arange(12), 5)
    fold = folds.grouped(group, 4, seed=3)
    assert all(len(set(fold[group == one])) == 1 for one in range(12))
    labels = np.array([0] * 50 + [1] * 10, dtype=np.intp)
    spread = folds.stratified(labels, 5, seed=3)
    assert [int(labels[spread == one].sum()) for one in range(5)] == [2] * 5
