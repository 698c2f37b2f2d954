"""Waveforms that are made are heard by the agent's own ears as real ones are: levels, lines, worn races, or nothing."""

import numpy as np
import pytest

from edge_agent.tasks.equipment_anomaly.vibration.bearing import BearingGeometry
from edge_agent.tasks.equipment_anomaly.vibration.envelope import Diagnosis, diagnose
from edge_agent.tasks.equipment_anomaly.vibration.features import vibration
from edge_agent.tasks.equipment_anomaly.vibration.zones import machine_classes
from firmware_sim.scene import Machine, MachineFaultKind
from firmware_sim.scene_file import load
from firmware_sim.world.machine import speed_rpm
from firmware_sim.world.numbers import Floats
from firmware_sim.world.shaking import Severities, vibration_mm_s
from firmware_sim.world.waveform import RATE_HZ, Race, waveform

MACHINES = load("small_warehouse").machines
ZONES = {"conveyor_motor": "class_i", "pump": "class_i", "compressor": "group_2_rigid"}
BEARING_6205 = BearingGeometry(balls=9, ball_diameter_mm=7.94, pitch_diameter_mm=39.04)
LOAD = 0.7
# How clearly races are heard on the bearings of the CWRU rig, by the benchmark of bearings.
CLARITY: dict[Race, tuple[float, float]] = {"outer_race": (2.5, 6.6), "inner_race": (1.6, 2.8)}
every_machine = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.id)


def made(machine: Machine, severities: Severities, race: Race = "outer_race", seed: int = 1) -> Floats:
    return waveform(machine, LOAD, severities, race, 2.0, np.random.default_rng(seed))


def shaft_hz(machine: Machine) -> float:
    return speed_rpm(machine.motor, LOAD) / 60


def heard(machine: Machine, severities: Severities, race: Race = "outer_race", seed: int = 1) -> Diagnosis:
    return diagnose(made(machine, severities, race, seed), RATE_HZ, shaft_hz(machine), BEARING_6205.orders())


@every_machine
@pytest.mark.parametrize("race", ["outer_race", "inner_race"])
def test_a_worn_race_is_heard_as_clearly_as_a_real_one(machine: Machine, race: Race) -> None:
    """It is named from early wear to the end, within the clarity that real bearings have."""
    found = [heard(machine, {"bearing_wear": severity}, race, seed) for severity in (0.3, 0.6, 1.0) for seed in range(4)]
    assert {each.part for each in found} == {race}
    median = float(np.median([each.clarity for each in found]))
    assert CLARITY[race][0] <= median <= CLARITY[race][1]


@every_machine
def test_a_healthy_machine_has_no_worn_part_and_stands_in_a_good_zone(machine: Machine) -> None:
    """Nothing is named, and its level is A or B of the standard for its class."""
    assert [heard(machine, {}, seed=seed).part for seed in range(6)] == [None] * 6
    level = vibration(made(machine, {}), RATE_HZ, shaft_hz(machine)).velocity_rms_mm_s
    assert machine_classes()[ZONES[machine.profile]].zone(level) in ("A", "B")


@every_machine
@pytest.mark.parametrize("kind", ["", "imbalance", "misalignment", "looseness", "bearing_wear"])
def test_the_level_of_a_waveform_is_what_the_transmitter_says(machine: Machine, kind: MachineFaultKind) -> None:
    """RMS velocity from 10 to 1,000 Hz, to a seventh."""
    severities: Severities = {kind: 1.0} if kind else {}
    share = speed_rpm(machine.motor, LOAD) / machine.motor.synchronous_rpm
    found = vibration(made(machine, severities), RATE_HZ, shaft_hz(machine)).velocity_rms_mm_s
    assert found == pytest.approx(vibration_mm_s(machine.vibration, share, LOAD, severities), rel=0.15)


@every_machine
def test_each_fault_has_its_line(machine: Machine) -> None:
    """Imbalance turns with the shaft, a shaft out of line twice as fast, strikes have peaks."""
    calm = vibration(made(machine, {}), RATE_HZ, shaft_hz(machine))
    heavy = vibration(made(machine, {"imbalance": 1.0}), RATE_HZ, shaft_hz(machine))
    worn = vibration(made(machine, {"bearing_wear": 0.5}), RATE_HZ, shaft_hz(machine))
    assert (heavy.line_1x_mm_s or 0) > 2 * (calm.line_1x_mm_s or 9)
    assert (heavy.line_2x_mm_s or 9) < 2 * (calm.line_2x_mm_s or 0)
    assert worn.kurtosis > 5
    assert calm.kurtosis < 4
