"""One onset and one end from a score that flickers, and what a machine's drive says of its running."""

from datetime import UTC, datetime

from edge_agent.tasks.equipment_anomaly import onset, operating
from edge_agent.tasks.equipment_anomaly.onset import Condition
from edge_agent.tasks.equipment_anomaly.operating import OperatingPoint

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


def changes(condition: Condition, ratio: float, seconds: int) -> list[str]:
    """What is said while the score stands at `ratio` for so long; delays of 5 s on, 30 s off."""
    said = [onset.step(condition, ratio, AT, 1.0, 5.0, 30.0) for _ in range(seconds)]
    return [change for change in said if change]


def test_a_score_just_under_its_limit_ends_nothing() -> None:
    """Between the deadband and the limit an open condition stays open; below it, it ends after the delay."""
    condition = Condition()
    assert changes(condition, 1.2, 10) == ["onset"]
    assert changes(condition, 0.9, 500) == []
    assert changes(condition, 0.7, 29) == []
    assert changes(condition, 0.7, 1) == ["end"]


def test_one_spike_of_the_drive_does_not_turn_running_into_off() -> None:
    """A thousandfold speed for one sample is no new measure of what running means."""
    point = OperatingPoint()
    for drive in [1450.0] * 20 + [1_450_000.0] + [1450.0] * 5:
        assert operating.step(point, drive, 1.0) == "steady"
