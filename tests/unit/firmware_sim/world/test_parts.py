"""The belt is a pure function of time, and its defects come as often as promised."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.world.parts import Belt, belt_view, draw_part

BELT = Belt(seed=7, defect_share=0.2)


@given(st.floats(0, 5000, allow_nan=False))
def test_a_moment_always_looks_the_same(time_s: float) -> None:
    """Asking again gives the same part at the same place, and only an empty belt has no part."""
    view = belt_view(BELT, time_s)
    assert view == belt_view(BELT, time_s)
    assert (view.part is None) == (view.phase == "empty")
    assert -1.0 <= view.travel <= 1.0


@given(st.integers(0, 400), st.floats(0.01, 2.99))
def test_a_part_lies_still_while_it_rests(serial: int, rested_s: float) -> None:
    """Within the rest nothing moves."""
    view = belt_view(BELT, serial * BELT.cycle_s + BELT.enter_s + rested_s)
    assert (view.phase, view.travel) == ("resting", 0.0)
    assert view.part is not None
    assert view.part.serial == serial


def test_the_belt_does_not_jump_between_parts() -> None:
    """Its texture moves on without a break when one cycle ends and the next begins."""
    before, after = belt_view(BELT, BELT.cycle_s - 1e-6), belt_view(BELT, BELT.cycle_s + 1e-6)
    assert after.belt_travel == pytest.approx(before.belt_travel, abs=1e-3)


def test_defects_come_as_often_as_promised() -> None:
    """One part in five is defective, of all three kinds."""
    parts = [draw_part(7, serial, 0.2) for serial in range(1000)]
    kinds = [part.defect.kind for part in parts if part.defect is not None]
    assert 160 <= len(kinds) <= 240
    assert set(kinds) == {"scratch", "dent", "stain"}


def test_there_is_no_time_before_the_start() -> None:
    """A negative time is an error, not a part."""
    with pytest.raises(ValueError, match="starts at 0 s"):
        belt_view(BELT, -1.0)
