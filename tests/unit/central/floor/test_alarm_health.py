"""Rates, floods, chatter and first-out on made activations."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from central.floor.alarm_health import Raise, first_out, floods, health

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def test_a_flood_begins_above_ten_in_ten_minutes_and_ends_below_five() -> None:
    """Eleven within five minutes, then silence: it ends when only four are left of the last ten minutes."""
    times = [at(0.5 * n) for n in range(11)]
    (flood,) = floods(times, at(60))
    assert (flood.began_at, flood.alarms) == (at(0), 11)
    assert flood.ended_at == at(13)
    assert floods(times[:10], at(60)) == ()


def test_a_flood_that_goes_on_has_no_end() -> None:
    """And counts all of its alarms."""
    times = [at(0.5 * n) for n in range(60)]
    (flood,) = floods(times, at(30))
    assert (flood.ended_at, flood.alarms) == (None, 60)


@given(st.lists(st.floats(0, 600), max_size=80))
def test_floods_do_not_overlap_and_lie_in_the_time_looked_at(minutes: list[float]) -> None:
    """Whatever comes when."""
    times = sorted(at(minute) for minute in minutes)
    found = floods(times, at(700))
    assert all(flood.ended_at and flood.began_at < flood.ended_at <= at(700) for flood in found)
    assert all(a.ended_at and a.ended_at <= b.began_at + timedelta(minutes=10) for a, b in pairwise(found))
    assert sum(flood.alarms for flood in found) <= len(times)


def test_the_figures_of_a_shift() -> None:
    """Rate, the noisiest, who chatters, how priorities are shared."""
    noisy = [Raise("pump-1/limit", "pump-1", at(30 + 0.2 * n), 3) for n in range(6)]
    raises = [*noisy, Raise("conveyor-1/limit", "conveyor-1", at(100), 1), Raise("old", "x", at(-5), 3)]
    found = health(raises, NOON, at(120))
    assert (found.raised, found.per_hour, found.busiest) == (7, 3.5, 6)
    assert found.noisiest[0] == ("pump-1/limit", 6)
    assert found.chattering == ("pump-1/limit",)
    assert {priority: round(share, 2) for priority, share in found.shares.items()} == {1: 0.14, 3: 0.86}


def test_the_first_of_a_group_is_named() -> None:
    """What began within a minute of it on the same machine follows from it, perhaps."""
    raises = [Raise(name, "pump-1", at(minute), 2) for name, minute in (("heat", 0.5), ("vibration", 0.0), ("current", 3.0))]
    groups = first_out(raises)["pump-1"]
    assert [[one.alarm for one in group] for group in groups] == [["vibration", "heat"], ["current"]]
