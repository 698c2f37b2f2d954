"""Simulated time: its speed, and jumps that move the wall clock but not the world."""

from datetime import UTC, datetime, timedelta

import pytest

from firmware_sim.clock import SimulatedClock
from firmware_sim.errors import ClockError

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def test_a_fast_clock_runs_as_many_times_faster() -> None:
    """At speed 60 a real second is a simulated minute."""
    ticks = iter([100.0, 101.0, 102.0])
    clock = SimulatedClock(START, 60.0, lambda: next(ticks))
    assert clock.elapsed_s() == 60.0
    assert clock.now() == START + timedelta(minutes=2)


def test_a_jump_moves_the_wall_clock_only() -> None:
    """The world goes on while its clock says 1970."""
    clock = SimulatedClock(START, monotonic_s=lambda: 5.0)
    clock.jump(-START.timestamp())
    assert clock.now() == datetime(1970, 1, 1, tzinfo=UTC)
    assert clock.elapsed_s() == 0.0


@pytest.mark.parametrize("speed", [0.0, -1.0, 1e6])
def test_an_impossible_speed_is_refused(speed: float) -> None:
    """Time neither stands still nor runs back."""
    with pytest.raises(ClockError, match="speed"):
        SimulatedClock(START, speed)


def test_a_start_without_time_zone_is_refused() -> None:
    """A naive time would mean something else on another machine."""
    with pytest.raises(ClockError, match="time zone"):
        SimulatedClock(START.replace(tzinfo=None))
