"""When a machine is off, starting or running."""

import pytest

from edge_agent.tasks.equipment_anomaly.operating import STARTING_S, OperatingPoint, step


@pytest.mark.parametrize("interval_s", [1.0, 10.0])
def test_a_start_is_over_only_when_it_has_been_seen_to_run_long_enough(interval_s: float) -> None:
    """The first reading after a stop may lie anywhere in the surge, however far apart readings are."""
    point = OperatingPoint()
    for value in (1450.0, 1450.0, 0.0, 0.0):
        step(point, value, interval_s)
    assert point.state == "off"
    states = [step(point, 1450.0, interval_s) for _ in range(int(STARTING_S / interval_s) + 1)]
    assert set(states[:-1]) == {"starting"}
    assert states[-1] == "steady"


def test_a_machine_met_while_it_runs_is_not_taken_for_starting() -> None:
    """Its start is long past."""
    assert step(OperatingPoint(), 1450.0, 0.0) == "steady"


def test_little_more_than_standing_still_is_off_until_it_is_clearly_more() -> None:
    """Hysteresis: a noisy zero neither starts nor stops a machine."""
    point = OperatingPoint()
    states = [step(point, value, 1.0) for value in (1000.0, 40.0, 90.0, 40.0, 130.0)]
    assert states == ["steady", "off", "off", "off", "starting"]
