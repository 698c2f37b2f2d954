"""Waveforms that are made: known levels and lines, worn races that strike a resonance, and noise that must stay unnamed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.tasks.equipment_anomaly.vibration.envelope import CLEAR, diagnose
from edge_agent.tasks.equipment_anomaly.vibration.features import vibration
from edge_agent.tasks.equipment_anomaly.vibration.zones import machine_classes
from tests.parts.waveforms import BEARING, RATE_HZ, SHAFT_HZ, TIMES_S, sine_g, struck


def test_a_pure_line_has_the_level_it_was_made_with() -> None:
    """5 mm/s peak at the shaft's speed is 3.54 mm/s RMS, all of it at 1x."""
    found = vibration(sine_g(5, SHAFT_HZ), RATE_HZ, SHAFT_HZ)
    assert found.velocity_rms_mm_s == pytest.approx(5 / np.sqrt(2), rel=0.02)
    assert found.line_1x_mm_s == pytest.approx(5, rel=0.02)
    assert (found.line_2x_mm_s or 0) < 0.3
    assert found.crest == pytest.approx(np.sqrt(2), rel=0.02)
    assert found.kurtosis == pytest.approx(1.5, rel=0.02)


@given(st.floats(0.01, 100), st.floats(0.1, 10))
def test_level_grows_with_the_signal_and_shape_does_not(scale: float, offset: float) -> None:
    """A mounting that tilts the sensor, or a larger machine, changes no shape."""
    plain = vibration(struck(3.58, 1), RATE_HZ, None)
    scaled = vibration(scale * struck(3.58, 1) + offset, RATE_HZ, None)
    assert scaled.velocity_rms_mm_s == pytest.approx(scale * plain.velocity_rms_mm_s, rel=1e-6)
    assert scaled.kurtosis == pytest.approx(plain.kurtosis, rel=1e-6)
    assert scaled.line_1x_mm_s is None


@pytest.mark.parametrize("seed", range(4))
def test_a_worn_race_is_named_and_the_other_is_not(seed: int) -> None:
    """The inner one passes through the load with each turn."""
    orders = BEARING.orders()
    assert diagnose(struck(orders.outer_race, seed), RATE_HZ, SHAFT_HZ, orders).part == "outer_race"
    assert diagnose(struck(orders.inner_race, seed, modulated=True), RATE_HZ, SHAFT_HZ, orders).part == "inner_race"


@pytest.mark.parametrize("seed", range(8))
def test_a_healthy_machine_and_one_struck_by_something_else_are_not_diagnosable(seed: int) -> None:
    """Noise, shaft lines, and a comb at an order that is no part of this bearing."""
    orders = BEARING.orders()
    healthy = struck(orders.outer_race, seed, strength=0.0)
    assert diagnose(healthy, RATE_HZ, SHAFT_HZ, orders).part is None
    belt = diagnose(struck(2.7, seed), RATE_HZ, SHAFT_HZ, orders)
    assert belt.part is None
    assert belt.clarity < CLEAR


def test_a_fault_is_clearer_the_stronger_it_is() -> None:
    """So that clarity can be followed over weeks."""
    orders = BEARING.orders()
    clarities = [
        diagnose(struck(orders.outer_race, 3, strength=strength), RATE_HZ, SHAFT_HZ, orders).clarities["outer_race"]
        for strength in (0.0, 0.3, 1.0)
    ]
    assert clarities == sorted(clarities)


def test_bad_waveforms_are_named() -> None:
    """Too short, still, or with holes in them."""
    orders = BEARING.orders()
    hole = struck(3.58, 1)
    hole[7] = np.nan
    for wave, shaft_hz in ((TIMES_S[:100], SHAFT_HZ), (TIMES_S, 0.0), (hole, SHAFT_HZ)):
        with pytest.raises(ValueError, match=r"turns|numbers"):
            diagnose(wave, RATE_HZ, shaft_hz, orders)
    with pytest.raises(ValueError, match="needed"):
        vibration(TIMES_S[:100], RATE_HZ, None)
    with pytest.raises(ValueError, match="data sheet"):
        replace(BEARING, ball_diameter_mm=50).orders()


def test_zones_rise_and_say_where_they_stand() -> None:
    """Every class has three boundaries in order; a small motor at 2 mm/s is in zone C."""
    for name, one in machine_classes().items():
        assert list(one.boundaries_mm_s) == sorted(set(one.boundaries_mm_s)), name
        assert one.source.startswith("ISO")
    assert [machine_classes()["class_i"].zone(level) for level in (0.5, 1.0, 2.0, 4.5)] == ["A", "B", "C", "D"]
