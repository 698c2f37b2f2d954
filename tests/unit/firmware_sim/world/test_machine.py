"""Machine physics: laws that hold for any load, severity and time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from firmware_sim.scene import Channel, Machine, MachineFaultKind
from firmware_sim.scene_file import load
from firmware_sim.world.machine import (
    Heat,
    case_temperature_c,
    current_a,
    load_share,
    quantities,
    sensed,
    settled_heat,
    speed_rpm,
    warmed,
)
from firmware_sim.world.shaking import Severities, axial_mm_s, vibration_mm_s
from protocols.sensor_profiles.profile import load as load_profile

MACHINES = load("small_warehouse").machines
machines = st.sampled_from(MACHINES)
shares = st.floats(0.0, 1.0)
times_s = st.floats(0.0, 1e6)


@given(machines, shares, shares, shares, st.sampled_from(["imbalance", "bearing_wear", "looseness"]))
def test_a_worse_machine_never_shakes_less(
    machine: Machine, load: float, one: float, other: float, kind: MachineFaultKind
) -> None:
    """Vibration grows with the severity of each fault."""
    shaken = [vibration_mm_s(machine.vibration, 0.97, load, {kind: severity}) for severity in sorted([one, other])]
    assert 0.0 < shaken[0] <= shaken[1]


@given(machines, shares, st.floats(0.1, 1.0))
def test_imbalance_grows_with_the_square_of_speed(machine: Machine, load: float, speed_share: float) -> None:
    """Twice the speed is four times the imbalance: m e w squared."""
    alone = {"imbalance": 1.0}

    def imbalance_mm_s(speed: float) -> float:
        with_fault = vibration_mm_s(machine.vibration, speed, load, alone)  # type: ignore[arg-type]
        return float(np.sqrt(with_fault**2 - vibration_mm_s(machine.vibration, speed, load, {}) ** 2))

    assert imbalance_mm_s(speed_share) == pytest.approx(4 * imbalance_mm_s(speed_share / 2), rel=1e-6)


@given(machines)
def test_bearing_wear_is_slow_first_and_fast_last(machine: Machine) -> None:
    """Half way to failure a bearing shows less than a fifth of what it shows at the end."""
    half, full = (
        vibration_mm_s(machine.vibration, 0.97, 0.5, {"bearing_wear": severity}) - machine.vibration.healthy_mm_s
        for severity in (0.5, 1.0)
    )
    assert half < full / 5


@given(machines, times_s)
def test_a_healthy_machine_stays_in_its_zone(machine: Machine, time_s: float) -> None:
    """Without a fault every quantity keeps within the warning limits of its profile."""
    values = quantities(machine, settled_heat(machine), {}, time_s)
    for register in load_profile(machine.profile).registers:
        assert register.limits is not None
        assert register.limits.warning_low is None or values[register.name] > register.limits.warning_low  # type: ignore[index]
        assert register.limits.warning_high is None or values[register.name] < register.limits.warning_high  # type: ignore[index]


@given(machines, st.lists(st.tuples(shares, shares, st.floats(0.01, 5_000.0)), max_size=40))
def test_temperature_stays_physical(machine: Machine, history: list[tuple[float, float, float]]) -> None:
    """Whatever the load, the cooling and the steps of time, heat stays between the hall's and full loss uncooled."""
    heat = settled_heat(machine)
    for torque, overheating, elapsed_s in history:
        heat = warmed(machine.thermal, heat, torque, overheating, elapsed_s)
    hottest_c = machine.thermal.ambient_c + machine.thermal.swing_c + 4.0 * machine.thermal.case_rise_c
    coldest_c = machine.thermal.ambient_c - machine.thermal.swing_c
    assert coldest_c <= case_temperature_c(machine.thermal, heat.case_k, 0.0) <= hottest_c + 1e-9


@given(machines, shares, st.floats(1.0, 5_000.0))
def test_a_blocked_fan_never_cools(machine: Machine, load: float, elapsed_s: float) -> None:
    """With its cooling blocked a machine is at least as warm as with it."""
    start = settled_heat(machine)
    free = warmed(machine.thermal, start, load, 0.0, elapsed_s)
    blocked = warmed(machine.thermal, start, load, 1.0, elapsed_s)
    assert blocked.case_k >= free.case_k - 1e-9


@given(machines, shares, shares)
def test_more_torque_means_less_speed_and_more_current(machine: Machine, one: float, other: float) -> None:
    """Slip and current follow the load; speed stays under the synchronous one."""
    light, heavy = sorted([one, other])
    assert machine.motor.synchronous_rpm >= speed_rpm(machine.motor, light) >= speed_rpm(machine.motor, heavy) > 0
    assert machine.motor.idle_a <= current_a(machine.motor, light) <= current_a(machine.motor, heavy)


@given(machines, times_s)
def test_load_stays_in_its_cycle(machine: Machine, time_s: float) -> None:
    """Load swings between low and high."""
    assert machine.load.low <= load_share(machine.load, time_s) <= machine.load.high


def test_heat_settles_where_it_started() -> None:
    """A machine that begins warm stays warm: the settled heat is the cycle's own mean, to half a kelvin."""
    for machine in MACHINES:
        heat = start = settled_heat(machine)
        for second in range(5_000):
            heat = warmed(machine.thermal, heat, load_share(machine.load, second), 0.0, elapsed_s=1.0)
        assert abs(heat.case_k - start.case_k) < 0.5


def test_transmitters_are_noisy_around_the_truth() -> None:
    """The mean of many readings is the true value, no reading is exactly it."""
    truth = quantities(MACHINES[0], Heat(10.0, 5.0), {}, 3.0)
    rng = np.random.default_rng(1)
    readings = [sensed(truth, rng) for _ in range(2_000)]
    for channel, value in truth.items():
        said = np.array([reading[channel] for reading in readings])
        assert said.std() > 0
        assert said.mean() == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize(
    ("kind", "channel", "factor"),
    [("belt_slip", "speed_rpm", 0.88), ("leak", "pressure_bar", 0.65), ("cavitation", "pressure_bar", 0.75)],
)
def test_a_fault_takes_its_share(kind: MachineFaultKind, channel: Channel, factor: float) -> None:
    """Of speed or of pressure; a slipping belt leaves the current as it is, a leak makes the machine work more."""
    pump, time_s = MACHINES[2], MACHINES[2].load.period_s / 2
    sound = quantities(pump, Heat(10.0, 5.0), {}, time_s)
    broken = quantities(pump, Heat(10.0, 5.0), {kind: 1.0}, time_s)
    assert broken[channel] == pytest.approx(factor * sound[channel], rel=1e-6)
    assert broken["current_a"] == pytest.approx(sound["current_a"])


def test_a_leak_keeps_the_machine_at_work() -> None:
    """The mean load over a cycle is higher, its least and most are the same."""
    cycle = MACHINES[1].load
    times_s = np.linspace(0.0, cycle.period_s, 201)
    sound, leaking = load_share(cycle, times_s), load_share(cycle, times_s, leak=1.0)
    assert leaking.mean() > sound.mean() + 0.2 * (cycle.high - cycle.low)
    assert (leaking.min(), leaking.max()) == (sound.min(), sound.max())


def test_a_shaft_out_of_line_shakes_along_itself_more_than_across() -> None:
    """Against what each direction does when it is in line; imbalance does the opposite."""
    fan = structs.replace(MACHINES[0].vibration, misalignment_mm_s=5.0, axial_share=0.5)

    def added(severities: Severities) -> tuple[float, float]:
        across = vibration_mm_s(fan, 0.97, 0.5, severities) ** 2 - vibration_mm_s(fan, 0.97, 0.5, {}) ** 2
        along = axial_mm_s(fan, 0.5, 0.97, 0.5, severities) ** 2 - axial_mm_s(fan, 0.5, 0.97, 0.5, {}) ** 2
        return across, along

    assert added({"misalignment": 1.0})[1] > 2 * added({"misalignment": 1.0})[0]
    assert added({"imbalance": 1.0})[1] < 0.2 * added({"imbalance": 1.0})[0]
