"""What the benchmarks of machines rest on: courses that are the world's own, blocks that say what single readings say."""

from typing import get_args

import numpy as np
import pytest

from benchmarks.machines import fleet, readings
from benchmarks.machines_cases import DAY_S, cases
from benchmarks.machines_lines import Registers, wired
from benchmarks.machines_monitor import Said, TableMonitor, reading, told
from edge_agent.tasks.equipment_anomaly.settings import Settings
from firmware_sim.scene import Machine, MachineFaultKind, SensorFaultKind
from firmware_sim.scene_file import contradictions
from firmware_sim.world.course import started
from firmware_sim.world.duty import running_s
from firmware_sim.world.machine import load_share, quantities, sensed, warmed
from firmware_sim.world.numbers import Floats
from firmware_sim.world.warehouse import Warehouse
from protocols.sensor_profiles.profile import decode, encode, load

FLEET = fleet(8, seed=3)


def table(machine: Machine, rows: int, step_s: float, seed: int = 1) -> tuple[Floats, Floats]:
    """Times and readings from five in the morning."""
    times_s = np.asarray(18_000.0 + step_s * np.arange(1, rows + 1), np.float64)
    return times_s, readings(machine, times_s, started(machine, 18_000.0), np.random.default_rng(seed))[0]


@pytest.mark.parametrize("machine", FLEET, ids=lambda machine: machine.id)
def test_a_course_is_what_single_moments_give(machine: Machine) -> None:
    """Start, run and rest: the same physics, the same noise, the same registers."""
    times_s, values = table(machine, 300, 30.0)
    profile, rng, heat = load(machine.profile), np.random.default_rng(1), started(machine, 18_000.0)
    for time_s, row in zip(times_s.tolist(), values, strict=True):
        on_s = running_s(machine.duty, time_s)
        torque = load_share(machine.load, time_s) if on_s > 0 else 0.0
        heat = warmed(machine.thermal, heat, torque, 0.0, 30.0)
        said = sensed(quantities(machine, heat, {}, time_s, on_s), rng)
        read = decode(profile, encode(profile, {str(channel): value for channel, value in said.items()}))
        assert row.tolist() == pytest.approx(list(read.values()), rel=1e-9)


@pytest.mark.parametrize("machine", FLEET[:4], ids=lambda machine: machine.id)
def test_a_table_is_heard_as_its_rows_are(machine: Machine) -> None:
    """In blocks or one by one: the same anomalies at the same moments, and the same state in the end."""
    settings = Settings(learn_s=1_200.0, alarms_per_month=100.0, sensitivity=4.0)
    profile = load(machine.profile)
    times_s, values = table(machine, 3_000, 10.0)
    values[2_000:2_040, 0] *= 4.0
    together, single = (TableMonitor("asset", profile, settings) for _ in range(2))
    said = together.show(times_s, values)
    assert essence(said) == essence(one_by_one(single, times_s, values))
    assert any(each.anomaly.phase == "onset" for each in said)
    assert together.rows_in_blocks > 1_000
    assert together.ratio == pytest.approx(single.ratio)
    assert together.state.traces.repeats.tolist() == single.state.traces.repeats.tolist()


def essence(said: list[Said]) -> list[tuple[object, ...]]:
    """What and when; the evidence of an anomaly in a block is that of the block's last row."""
    return [(each.time_s, each.anomaly.phase, each.anomaly.subject, each.anomaly.since) for each in said]


def one_by_one(monitor: TableMonitor, times_s: Floats, values: Floats) -> list[Said]:
    """As the agent hears them."""
    said = list[Said]()
    for time_s, row in zip(times_s.tolist(), values.tolist(), strict=True):
        said += told(time_s, monitor.observe(reading("asset", time_s, dict(zip(monitor.channels, row, strict=True)))))
    return said


def test_every_fault_that_a_machine_can_have_is_a_case() -> None:
    """Four hours each within the machine's day, in a scene of its own that the simulator's checks accept."""
    found = [case for machine in FLEET[:4] for case in cases(machine, 3, seed=5)]
    assert {case.kind for case in found if not case.is_sensor} == set(get_args(MachineFaultKind))
    assert {case.kind.split()[0] for case in found if case.is_sensor} == set(get_args(SensorFaultKind))
    for case in found:
        assert list(contradictions(case.scene())) == [
            "belt.camera is 'none', which is no camera that sees the belt; correct the name"
        ]
        assert 3 * DAY_S <= case.begins_s < case.ends_s <= 4 * DAY_S


def test_a_reading_over_the_wire_is_the_one_without() -> None:
    """Values, words that changed places, a unit that answers an exception: server and source change nothing."""
    for case in cases(FLEET[1], 0, seed=5):
        world, other = (Warehouse(case.scene(), 4, case.begins_s - 20.0, 10.0) for _ in range(2))
        with wired(world) as wire:
            for _ in range(4):
                world.advance(world.time_s + 10.0)
                other.advance(other.time_s + 10.0)
                assert wire.read() == Registers(other).read()
