"""The numeric heart: rows one by one or in blocks, wanderers and loads, limits that a budget sets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.tasks.equipment_anomaly import tail
from edge_agent.tasks.equipment_anomaly.arrays import Array
from edge_agent.tasks.equipment_anomaly.normal import Known
from edge_agent.tasks.equipment_anomaly.watch import Watch
from edge_agent.tasks.equipment_anomaly.watch_state import Tuning, begin

TUNING = Tuning(learn_s=200, alarms_per_month=2)


def watch(first: Array, tuning: Tuning = TUNING, drive: int | None = None, roams: float = 0.0) -> Watch:
    channels = len(first)
    return Watch(begin(first, tuning, 1.0), Known(np.zeros(channels), np.full(channels, roams), drive), tuning)


def noise(seed: int, rows: int, channels: int = 4) -> Array:
    return np.random.default_rng(seed).normal(10.0, 1.0, (rows, channels))


@given(st.integers(0, 10_000), st.lists(st.integers(1, 150), min_size=3, max_size=12), st.floats(0, 6))
@settings(max_examples=15, deadline=None)
def test_blocks_of_any_size_score_like_rows_one_by_one(seed: int, sizes: list[int], height: float) -> None:
    """Cut as one likes, with a fault or without: the same ratios to 1e-9, and the same ones for ever after."""
    values = noise(seed, 400 + sum(sizes))
    values[500:, 1] += height
    single, blocks = watch(values[0]), watch(values[0])
    expected = np.array([single.row(row, None, 1.0) for row in values])
    found, start = [blocks.rows(values[:400], 1.0)], 400
    for size in sizes:
        found.append(blocks.rows(values[start : start + size], 1.0))
        start += size
    np.testing.assert_allclose(np.concatenate(found), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(blocks.state.limits, single.state.limits, rtol=1e-9)


def test_a_channel_that_only_wanders_weighs_less_than_one_that_flickers() -> None:
    """A random walk says little by its level."""
    rng = np.random.default_rng(1)
    values = np.column_stack([rng.normal(0, 1, 240), np.cumsum(rng.choice([-1.0, 1.0], 240) * rng.normal(1, 0.1, 240))])
    weight = watch(values[0])
    weight.rows(values, 1.0)
    assert weight.state.normal.weight[0] == 1.0
    assert weight.state.normal.weight[1] < 0.5


def test_what_the_load_explains_is_normal_and_what_it_does_not_is_found() -> None:
    """A pressure that goes with the current is fine at any load, and wrong when it leaves the line."""
    rng = np.random.default_rng(2)
    load = 5 + 3 * np.sin(np.arange(3000) / 40)
    pressure = 20 - 2 * load + rng.normal(0, 0.1, 3000)
    values = np.column_stack([load + rng.normal(0, 0.02, 3000), pressure])
    asset = watch(values[0], Tuning(learn_s=600, alarms_per_month=2), drive=0)
    healthy = asset.rows(values[:2400], 1.0)
    assert (healthy > 1.0).mean() < 0.01
    assert asset.state.normal.slope[1] == pytest.approx(-2, abs=0.1)
    assert asset.rows(values[2400:] + np.array([0.0, 2.0]), 1.0).max() > 1.0


def test_a_fault_does_not_lift_the_limit_over_itself() -> None:
    """Two hours of one fault: it is as loud at the end as after its first minutes."""
    values = noise(3, 9600)
    values[2400:, 0] += 8.0
    asset = watch(values[0])
    ratios = asset.rows(values, 1.0)
    assert ratios[:2400].max() < 1.0
    assert ratios[2500:].min() > 1.0
    assert ratios[-100:].mean() > 0.9 * ratios[2600:2700].mean()


def test_the_level_follows_a_season_but_not_a_step() -> None:
    """A slow swing of the hall is followed by a temperature; a jump of the same size is an anomaly."""
    rng, seconds = np.random.default_rng(4), np.arange(20_000)
    season = 20 + 2.0 * (1 - np.cos(seconds / 6000)) + rng.normal(0, 0.3, 20_000)
    slow = watch(season[:1], roams=8.0)
    assert slow.rows(season[:, None], 1.0).max() < 1.0
    jumped = season.copy()
    jumped[10_000:] += 4.0
    sudden = watch(jumped[:1], roams=8.0)
    assert sudden.rows(jumped[:, None], 1.0)[10_000:10_060].max() > 1.0


@given(st.integers(0, 1000), st.floats(0.001, 0.2))
@settings(max_examples=20, deadline=None)
def test_a_tail_is_exceeded_about_as_often_as_wanted(seed: int, chance: float) -> None:
    """Of block maxima of a known law, within a factor of three."""
    rng = np.random.default_rng(seed)
    limit = tail.exceeded_by(rng.gumbel(1.0, 0.1, 400), chance)
    realised = 1 - np.exp(-np.exp(-(limit - 1.0) / 0.1))
    assert chance / 4 < realised < 4 * chance


@given(st.lists(st.floats(0.1, 5), min_size=1, max_size=500))
@settings(max_examples=30, deadline=None)
def test_joined_blocks_forget_no_maximum(highest: list[float]) -> None:
    """Neighbours are joined by the higher of them, so the highest of all stays; room is bounded."""
    maxima = tail.begin(60.0, 1)
    for each in highest:
        tail.count(maxima, np.array([each]))
    kept = [*maxima.blocks[:, 0].tolist(), float(maxima.joined[0])]
    assert max(kept) == max(highest)
    assert len(maxima.blocks) <= tail.MOST_BLOCKS
    assert len(maxima.blocks) * maxima.merge + maxima.waiting == len(highest)


def test_a_larger_budget_never_raises_a_limit() -> None:
    """More false alarms a month are bought with lower limits only."""
    maxima = tail.begin(3600.0, 1)
    for each in np.random.default_rng(5).gumbel(1.0, 0.2, 60):
        tail.count(maxima, np.array([each]))
    limits = [tail.limits(maxima, budget, 1) for budget in (0.5, 1, 2, 4, 8, 16)]
    found = [float(limit[0]) for limit in limits if limit is not None]
    assert len(found) == 6
    assert found == sorted(found, reverse=True)
