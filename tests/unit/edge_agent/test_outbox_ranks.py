"""What an event is worth when there is no room for all."""

import pytest

from edge_agent.outbox.ranks import EVICTED_FIRST, Rank, rank_of


@pytest.mark.parametrize(
    ("kind", "urgent", "rank"),
    [
        ("lost/1", True, Rank.DECLARED),
        ("defect/1", False, Rank.ALARM),
        ("equipment_anomaly/1", False, Rank.ALARM),
        ("shelf_count/1", False, Rank.COUNT),
        ("shelf_count/1", True, Rank.ALARM),
        ("sensor_summary/1", False, Rank.SUMMARY),
        ("somebody_elses/3", False, Rank.COUNT),
        ("somebody_elses/3", True, Rank.ALARM),
    ],
)
def test_an_event_has_the_worth_of_its_kind_or_its_urgency(kind: str, urgent: bool, rank: Rank) -> None:
    """A kind that nobody here knows is not the first to go."""
    assert rank_of(kind, urgent) is rank


def test_a_declaration_is_never_evicted() -> None:
    """Loss is never silent."""
    assert EVICTED_FIRST == (Rank.SUMMARY, Rank.COUNT, Rank.ALARM)
