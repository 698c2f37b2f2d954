"""Sampling plans keep both risks, and are the smallest that do."""

from math import ceil, comb, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.methods.acceptance import CONSUMER_RISK, PRODUCER_RISK, accepted, sampling_plan


def by_counting(lot: int, bad: int, sample: int, accept: int) -> float:
    """The chance to accept, by counting samples."""
    return sum(comb(bad, n) * comb(lot - bad, sample - n) for n in range(min(accept, sample) + 1)) / comb(lot, sample)


@given(st.integers(1, 600), st.sampled_from([0.004, 0.01, 0.025]), st.sampled_from([3.5, 6.0, 10.0]))
def test_a_plan_keeps_both_risks(lot: int, acceptable: float, ratio: float) -> None:
    """By counting, not by the library: a good lot passes, a bad one does not, or every piece is looked at."""
    plan = sampling_plan(lot, acceptable, acceptable * ratio)
    assert plan.accept < max(plan.sample, 1)
    bad = max(1, ceil(acceptable * ratio * lot))
    if plan.sample < lot:
        assert by_counting(lot, bad, plan.sample, plan.accept) <= CONSUMER_RISK + 1e-9
        assert 1 - by_counting(lot, floor(acceptable * lot), plan.sample, plan.accept) <= PRODUCER_RISK + 1e-9


def test_one_piece_less_would_not_do() -> None:
    """The smallest plan for its number of bad ones borne."""
    plan = sampling_plan(500, 0.01, 0.06)
    assert accepted(500, 30, plan.sample, plan.accept) <= CONSUMER_RISK < accepted(500, 30, plan.sample - 1, plan.accept)


def test_telling_finer_differences_takes_more_pieces() -> None:
    """Tightened looks at more than normal, and normal at more than reduced."""
    samples = [sampling_plan(1000, 0.01, 0.01 * ratio).sample for ratio in (3.5, 6.0, 10.0)]
    assert samples == sorted(samples, reverse=True)
    assert len(set(samples)) == 3


@pytest.mark.parametrize(("lot", "acceptable", "limiting"), [(0, 0.01, 0.1), (10, 0.1, 0.1), (10, 0.0, 0.1), (10, 0.1, 1.0)])
def test_limits_that_mean_nothing_are_refused(lot: int, acceptable: float, limiting: float) -> None:
    """The limiting quality must be worse than the acceptable one."""
    with pytest.raises(ValueError, match="acceptable"):
        sampling_plan(lot, acceptable, limiting)
