"""What is believed of a machine: later never loses to earlier, one rule's end does not end another's anomaly."""

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ingest.projections.machine_condition import Condition, Word, after, unknown
from protocols.messages.equipment_anomaly import EquipmentAnomaly
from protocols.messages.sensor_summary import SensorSummary
from tests.makers import NOON, equipment_anomaly, sensor_summary

Told = tuple[int, EquipmentAnomaly | SensorSummary]  # minutes after noon, what is told


def fold(told: list[Told]) -> Condition:
    """The condition after messages in the order given."""
    state: Condition | None = None
    for minute, data in told:
        at = NOON + timedelta(minutes=minute)
        word = Word("ear-01", minute + 1, at, timedelta(), data)
        state = after(state or unknown(word), word)
    assert state is not None
    return state


def test_an_anomaly_begins_and_ends() -> None:
    """Onset is an alarm with its rule; the end is normal again, since then."""
    onset, end = equipment_anomaly(), equipment_anomaly(phase="end")
    begun = fold([(0, sensor_summary()), (1, onset)])
    assert (begun.condition, begun.rule, begun.since, begun.channels) == ("alarm", "ewma_z", NOON, onset.channels)
    ended = fold([(1, onset), (5, end)])
    assert (ended.condition, ended.rule, ended.since) == ("normal", None, NOON + timedelta(minutes=5))


def test_a_sensor_at_fault_is_not_an_alarm_of_the_machine() -> None:
    """The condition says whom to look at."""
    assert fold([(0, equipment_anomaly(subject="sensor"))]).condition == "sensor"


def test_the_end_of_one_rule_leaves_anothers_anomaly() -> None:
    """Only the rule that the condition rests on ends it."""
    told: list[Told] = [
        (0, equipment_anomaly(rule="a")),
        (1, equipment_anomaly(rule="b")),
        (2, equipment_anomaly(rule="a", phase="end")),
    ]
    assert fold(told).rule == "b"


def test_a_summary_does_not_end_an_anomaly() -> None:
    """A quiet minute is a score, not a verdict."""
    state = fold([(0, equipment_anomaly()), (1, sensor_summary(score=0.1))])
    assert (state.condition, state.score, state.sequence) == ("alarm", 0.1, 1)


def test_an_anomaly_is_not_late_because_a_summary_was_earlier_told() -> None:
    """Its onset may lie before the minute that was summed up first."""
    assert fold([(2, sensor_summary()), (1, equipment_anomaly())]).condition == "alarm"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_arrival_does_not_matter(order: tuple[int, ...]) -> None:
    """Onset, end and onset of one rule, told in any order: the newest stands."""
    told: list[Told] = [(0, equipment_anomaly()), (1, equipment_anomaly(phase="end")), (2, equipment_anomaly())]
    assert fold([told[index] for index in order]).condition == "alarm"


@given(st.permutations(range(8)))
def test_later_minutes_never_lose_to_earlier(order: list[int]) -> None:
    """Whatever the order, the score is that of the newest minute."""
    state = fold([(minute, sensor_summary(score=float(minute))) for minute in order])
    assert (state.score, state.as_of) == (7.0, NOON + timedelta(minutes=7))
