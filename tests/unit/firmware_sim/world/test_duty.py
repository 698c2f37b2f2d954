"""When machines run: hours, runs and rests, and what a start looks like."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from firmware_sim.scene import Duty, LoadCycle
from firmware_sim.scene_file import load
from firmware_sim.world.duty import DAY_S, HOUR_S, running_s
from firmware_sim.world.machine import Heat, load_share, quantities
from firmware_sim.world.warehouse import Warehouse

SHIFT, NIGHT = Duty(6.0, 22.0), Duty(22.0, 6.0)
COMPRESSOR = load("small_warehouse").machines[1]


@given(st.floats(0.0, 30 * DAY_S))
def test_day_and_night_shift_never_run_together(time_s: float) -> None:
    """One of the two always runs, and the longest it has run is its shift; without a duty a machine never stands."""
    day, night = running_s(SHIFT, time_s), running_s(NIGHT, time_s)
    assert (day > 0) + (night > 0) <= 1
    assert day < 16 * HOUR_S
    assert night < 8 * HOUR_S
    assert running_s(None, time_s) == np.inf


@given(st.floats(60.0, 5_000.0), st.floats(1.0, 5_000.0), st.floats(0.0, DAY_S))
def test_runs_and_rests_take_turns(run_s: float, rest_s: float, time_s: float) -> None:
    """It never runs for longer than a run, and a run and a rest later it is where it was."""
    duty = Duty(run_s=run_s, rest_s=rest_s)
    assert 0.0 <= running_s(duty, time_s) < run_s
    moments = np.arange(0.0, run_s + rest_s, (run_s + rest_s) / 200)
    assert (running_s(duty, moments) > 0).mean() == pytest.approx(run_s / (run_s + rest_s), abs=0.02)


def test_a_start_draws_a_surge_and_takes_its_time() -> None:
    """At first several times the current and hardly any speed, five time constants later neither can be told."""
    heat = Heat(0.0, 0.0)
    first, late, settled = (quantities(COMPRESSOR, heat, {}, 7.0, on_s) for on_s in (0.05, 5.0, np.inf))
    assert first["current_a"] > 4 * settled["current_a"]
    assert first["speed_rpm"] < 0.1 * settled["speed_rpm"]
    assert late["speed_rpm"] == pytest.approx(settled["speed_rpm"], rel=0.01)


def test_a_machine_that_stands_has_only_its_warmth_and_what_its_receiver_holds() -> None:
    """All else is exactly nothing."""
    heat = Heat(5.0, 10.0)
    still = quantities(COMPRESSOR, heat, {}, 7.0, 0.0)
    assert {channel for channel, value in still.items() if value} == {"temperature_c"}
    assert COMPRESSOR.pressure is not None
    holding = structs.replace(COMPRESSOR, pressure=structs.replace(COMPRESSOR.pressure, holds=True))
    assert quantities(holding, heat, {}, 7.0, 0.0)["pressure_bar"] == COMPRESSOR.pressure.low_bar


def test_the_world_starts_and_stops_a_machine_by_its_hours() -> None:
    """Cold before six, at speed after; a world may begin at any hour."""
    scene = load("small_warehouse")
    machine = structs.replace(COMPRESSOR, duty=SHIFT)
    world = Warehouse(structs.replace(scene, machines=(machine,)), 1, start_s=6 * HOUR_S - 5)
    assert (world.machines[0].truth["speed_rpm"], world.machines[0].heat) == (0.0, Heat(0.0, 0.0))
    world.advance(6 * HOUR_S + 10)
    assert world.machines[0].truth["speed_rpm"] > 2_800


@given(st.floats(0.0, 30 * DAY_S))
def test_the_day_and_its_wandering_stay_within_what_they_say(time_s: float) -> None:
    """Half the load at night, all of it at noon, five per cent either way."""
    cycle = LoadCycle(0.4, 0.8, 60.0, day=(0.5, 1.0), unsteady=0.05)
    assert 0.4 * 0.5 * 0.95 <= load_share(cycle, time_s) <= 0.8 * 1.05
    noon_s = np.floor(time_s / DAY_S) * DAY_S + DAY_S / 2 + 30.0
    assert load_share(cycle, noon_s) > load_share(cycle, noon_s - DAY_S / 2)
