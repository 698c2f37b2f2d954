"""The limit keeps its promise when few pictures were taught, and follows what people say, both ways."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision_models.inference.limit import Costs, NormalScores, apart, normal_scores, review_from, sharpened, suspects

RNG = np.random.default_rng(5)
TAUGHT = np.exp(RNG.normal(0.3, 0.2, 30)).astype(np.float32)


@pytest.mark.parametrize("taught", [8, 30])
@pytest.mark.parametrize("promised", [0.05, 0.01])
def test_false_alarms_come_as_often_as_promised(taught: int, promised: float) -> None:
    """Over many lessons, a further good part exceeds the limit at about the rate that was asked for."""
    rng = np.random.default_rng(5)
    alarms = []
    for _ in range(400):
        limit = normal_scores(np.exp(rng.normal(0.3, 0.2, taught)).astype(np.float32)).limit(promised)
        alarms.append((np.exp(rng.normal(0.3, 0.2, 200)) > limit).mean())
    assert np.mean(alarms) == pytest.approx(promised, rel=0.45)


@given(st.floats(0.001, 0.4), st.integers(5, 60))
def test_a_limit_and_its_p_value_agree(rate: float, freedom: int) -> None:
    """The score at which a share of good parts fails has that share as its p-value."""
    normal = NormalScores(0.2, 0.15, freedom)
    assert normal.p_values(np.array([normal.limit(rate)], np.float64).astype(np.float32))[0] == pytest.approx(rate, rel=0.02)


def test_a_flaw_among_the_taught_is_suspected_and_does_not_widen_the_limit() -> None:
    """One score thrice the others: named, and the limit stays near where it was."""
    spoiled = np.append(TAUGHT, np.float32(6.0))
    assert np.flatnonzero(suspects(spoiled)).tolist() == [30]
    assert normal_scores(spoiled).limit(0.01) == pytest.approx(normal_scores(TAUGHT).limit(0.01), rel=0.05)


def test_a_long_tail_of_good_parts_is_named_but_counts() -> None:
    """Two suspects with no gap below them: leaving them out would promise what good parts do not keep."""
    tailed = np.append(TAUGHT, np.linspace(TAUGHT.max() * 1.1, np.exp(0.3 + 0.95), 3).astype(np.float32))
    assert suspects(tailed).any()
    assert not apart(tailed).any()
    assert normal_scores(tailed).limit(0.05) > normal_scores(TAUGHT).limit(0.05)


def test_a_confirmed_good_part_lifts_the_limit_and_a_missed_one_lowers_it() -> None:
    """Both directions, and what the limit rests on is told."""
    plain = sharpened(TAUGHT, 0.02, (), ())
    lifted = sharpened(TAUGHT, 0.02, (plain.score * 1.05, plain.score * 1.1), ())
    lowered = sharpened(TAUGHT, 0.02, (), (plain.score * 0.97,))
    assert lifted.score > plain.score > lowered.score
    assert plain.false_alarm_rate == pytest.approx(0.02, rel=0.05)
    assert (lowered.missed, lowered.rejected) == (0, 1)
    assert lowered.false_alarm_rate > plain.false_alarm_rate


def test_a_rejected_part_that_looks_quite_good_cannot_ruin_the_limit() -> None:
    """At most four times the chosen rate of good parts fail; the part stays missed, and that is told."""
    limit = sharpened(TAUGHT, 0.02, (), (float(np.median(TAUGHT)),))
    assert limit.false_alarm_rate == pytest.approx(0.08, rel=0.05)
    assert limit.missed == 1


def test_a_rejected_part_beyond_the_limit_changes_nothing() -> None:
    """It was caught."""
    assert sharpened(TAUGHT, 0.02, (), (50.0,)).score == sharpened(TAUGHT, 0.02, (), ()).score


def test_dearer_misses_widen_the_review_band_and_a_dear_look_closes_it() -> None:
    """The band follows the costs."""
    normal = normal_scores(TAUGHT)
    limit = normal.limit(0.02)
    mild, dear = (review_from(normal, limit, Costs(miss, 5.0, 0.5), 0.02) for miss in (20.0, 500.0))
    assert dear < mild <= limit
    assert review_from(normal, limit, Costs(20.0, 5.0, 50.0), 0.02) == limit
