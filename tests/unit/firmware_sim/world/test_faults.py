"""The fault schedule: severity over time, its repetition, and sensors that lie."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.scene import Channel, Faults, MachineFault, SensorFault, SensorFaultKind
from firmware_sim.world.faults import open_sensor_faults, reported, severities

SCHEDULE = Faults(
    repeat_s=1_000.0,
    machine=(
        MachineFault("motor", "imbalance", start_s=60.0, ramp_s=20.0, lasts_s=200.0, severity=0.8),
        MachineFault("pump", "bearing_wear", start_s=0.0, ramp_s=900.0, lasts_s=900.0),
    ),
    sensor=(SensorFault("motor", "stuck", start_s=300.0, lasts_s=50.0, channel="temperature_c"),),
)
TRUTH: dict[Channel, float] = {"temperature_c": 40.0, "current_a": 3.0}


@given(st.floats(0.0, 1e5))
def test_severity_is_a_share_and_repeats(time_s: float) -> None:
    """Severity stays in 0..1, a kind that is not there is left out, and the schedule repeats."""
    present = severities(SCHEDULE, "motor", time_s)
    assert all(0.0 < severity <= 1.0 for severity in present.values())
    assert present.keys() == severities(SCHEDULE, "motor", time_s % SCHEDULE.repeat_s).keys()


@given(st.floats(60.0, 259.0), st.floats(60.0, 259.0))
def test_a_fault_never_heals_before_its_end(one: float, other: float) -> None:
    """While it lasts, a later moment is at least as bad."""
    early, late = (severities(SCHEDULE, "motor", time_s).get("imbalance", 0.0) for time_s in sorted([one, other]))
    assert early <= late <= 0.8


def test_a_fault_begins_ramps_and_is_repaired() -> None:
    """Nothing before its start, half within half its ramp, whole after it, nothing after its end."""
    course = [severities(SCHEDULE, "motor", time_s).get("imbalance", 0.0) for time_s in (59.9, 70.0, 80.0, 259.9, 260.0)]
    assert course == [0.0, 0.4, 0.8, 0.8, 0.0]


def test_a_fault_is_its_own_machine_s() -> None:
    """The conveyor's imbalance is not the pump's."""
    assert severities(SCHEDULE, "pump", 100.0).keys() == {"bearing_wear"}
    assert open_sensor_faults(SCHEDULE, "pump", 310.0) == ()


def _said(kind: SensorFaultKind, amount: float = 0.0, phase_s: float = 0.0) -> dict[Channel, float] | None:
    channel: Channel | None = None if kind == "dropout" else "temperature_c"
    fault = SensorFault("motor", kind, start_s=0.0, lasts_s=7_200.0, channel=channel, amount=amount)
    return reported(TRUTH, {"temperature_c": 39.0, "current_a": 2.9}, (fault,), phase_s, np.random.default_rng(3))


def test_sensor_faults_change_what_is_said_of_their_channel_only() -> None:
    """Stuck repeats, bias shifts, drift grows by the hour; the other channel is true."""
    assert _said("stuck") == {"temperature_c": 39.0, "current_a": 3.0}
    assert _said("bias", 5.0) == {"temperature_c": 45.0, "current_a": 3.0}
    assert _said("drift", 2.0, phase_s=5_400.0) == {"temperature_c": 43.0, "current_a": 3.0}


def test_a_unit_that_dropped_out_says_nothing() -> None:
    """There is no reading at all, not a reading of zero."""
    assert _said("dropout") is None


def test_spikes_are_rare_and_large() -> None:
    """One reading in twenty jumps by the amount, the others are true."""
    fault = SensorFault("motor", "spikes", start_s=0.0, lasts_s=1.0, channel="temperature_c", amount=30.0)
    rng = np.random.default_rng(5)
    said = [(reported(TRUTH, {}, (fault,), 0.0, rng) or {})["temperature_c"] for _ in range(2_000)]
    assert set(said) == {40.0, 70.0}
    assert 0.03 < said.count(70.0) / len(said) < 0.07


def test_a_converter_that_lost_its_bits_says_whole_steps() -> None:
    """40 degrees in steps of seven are 42."""
    assert _said("quantisation", 7.0) == {"temperature_c": 42.0, "current_a": 3.0}


def test_a_unit_that_answers_an_exception_says_no_values() -> None:
    """Neither does a swapped word change a value: that happens on the wire."""
    fault = SensorFault("motor", "exception", start_s=0.0, lasts_s=1.0, amount=2.0)
    assert reported(TRUTH, {}, (fault,), 0.0, np.random.default_rng(1)) is None
    assert _said("swapped_words") == TRUTH
