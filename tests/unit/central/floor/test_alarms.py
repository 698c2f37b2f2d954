"""The life of an alarm: the table of the standard, and laws that hold for any course of events."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.floor.alarms import (
    Acknowledged,
    Alarm,
    Cleared,
    Happening,
    InService,
    NotPossible,
    OutOfService,
    Raised,
    Reset,
    Shelved,
    Suppressed,
    Unshelved,
    after,
    needs_a_person,
    state,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def course(*happenings: Happening) -> Alarm:
    """An alarm after all of these."""
    alarm = Alarm()
    for happening in happenings:
        alarm = after(alarm, happening)
    return alarm


RAISED, SEEN, OVER = Raised(at(0)), Acknowledged(at(2), "li"), Cleared(at(5))
LATCHING = Raised(at(0), is_latching=True)
TAKEN_OUT = OutOfService(at(1), "chen", "new bearing")
PUT_AWAY = Shelved(at(3), "li", at(18), "being repaired")


@pytest.mark.parametrize(
    ("happenings", "name"),
    [
        ((), "normal"),
        ((RAISED,), "unacknowledged"),
        ((RAISED, SEEN), "acknowledged"),
        ((RAISED, OVER), "returned"),
        ((RAISED, OVER, SEEN), "normal"),
        ((RAISED, SEEN, OVER), "normal"),
        ((LATCHING, SEEN, OVER), "latched"),
        ((LATCHING, SEEN, OVER, Reset(at(6), "li")), "normal"),
        ((RAISED, PUT_AWAY), "shelved"),
        ((RAISED, PUT_AWAY, Unshelved(at(4), "li")), "unacknowledged"),
        ((RAISED, Suppressed(at(1), "stopped")), "suppressed_by_design"),
        ((RAISED, Suppressed(at(1), "stopped"), Suppressed(at(2), None)), "unacknowledged"),
        ((RAISED, TAKEN_OUT), "out_of_service"),
        ((RAISED, TAKEN_OUT, InService(at(2), "li"), SEEN), "acknowledged"),
        ((RAISED, SEEN, OVER, Raised(at(7))), "unacknowledged"),
    ],
)
def test_each_state_of_the_standard_is_reached(happenings: tuple[Happening, ...], name: str) -> None:
    """ISA-18.2, figure of the alarm states."""
    assert state(course(*happenings), at(10)) == name


def test_shelving_always_ends_by_itself() -> None:
    """And what lies below shows itself again."""
    alarm = course(RAISED, PUT_AWAY)
    assert state(alarm, at(17.9)) == "shelved"
    assert not needs_a_person(alarm, at(17.9))
    assert state(alarm, at(18)) == "unacknowledged"
    assert needs_a_person(alarm, at(18))


@pytest.mark.parametrize(
    ("happenings", "asked", "says"),
    [
        ((RAISED, SEEN), Acknowledged(at(3), "chen"), "acknowledged"),
        ((LATCHING,), Reset(at(1), "li"), "still holds"),
        ((LATCHING, OVER), Reset(at(6), "li"), "acknowledge it first"),
        ((RAISED,), Shelved(at(1), "li", at(20), " "), "reason"),
        ((RAISED,), Shelved(at(1), "li", at(1), "later"), "earlier end"),
        ((RAISED,), Shelved(at(1), "li", at(60 * 13), "for good"), "earlier end"),
        ((RAISED,), Unshelved(at(1), "li"), "not shelved"),
        ((RAISED, PUT_AWAY), Shelved(at(4), "chen", at(20), "a test"), "already"),
        ((RAISED,), OutOfService(at(1), "li", ""), "reason"),
        ((RAISED, TAKEN_OUT), OutOfService(at(2), "li", "new belt"), "already"),
        ((RAISED,), InService(at(2), "li"), "in service"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(happenings: tuple[Happening, ...], asked: Happening, says: str) -> None:
    """Two people at one alarm: the second is told."""
    with pytest.raises(NotPossible, match=says):
        after(course(*happenings), asked)


def test_a_late_word_changes_nothing() -> None:
    """Latest means by the time it became true, not by arrival."""
    over = course(Raised(at(10)), Cleared(at(20)))
    assert after(over, Raised(at(15))) is over
    again = course(Raised(at(10)), Cleared(at(20)), Raised(at(30)))
    assert after(again, Cleared(at(25))) is again


def test_a_graver_word_needs_a_person_again_and_a_milder_one_does_not() -> None:
    """A warning that became an alarm was not seen by whoever acknowledged the warning."""
    seen = course(Raised(at(0), 2), SEEN)
    assert state(after(seen, Raised(at(3), 1)), at(4)) == "unacknowledged"
    assert state(after(seen, Raised(at(3), 3)), at(4)) == "acknowledged"


moments = st.integers(0, 60 * 24).map(at)
people = st.sampled_from(["li", "chen"])
spans = st.integers(1, 700).map(lambda minutes: timedelta(minutes=minutes))
happenings = st.one_of(
    st.builds(Raised, moments, st.sampled_from([1, 2, 3, 4]), st.booleans()),
    st.builds(Cleared, moments),
    st.builds(Acknowledged, moments, people),
    st.builds(Reset, moments, people),
    st.builds(
        lambda m, who, span: Shelved(m, who, m + timedelta(minutes=span), "why"), moments, people, st.integers(1, 700)
    ),
    st.builds(Suppressed, moments, st.sampled_from([None, "stopped"])),
    st.builds(OutOfService, moments, people, st.just("new bearing")),
    st.builds(InService, moments, people),
)


@given(st.lists(happenings, max_size=30))
def test_an_active_alarm_is_never_forgotten(course_of_events: list[Happening]) -> None:
    """However people and equipment interleave: what holds and nobody hid is in the inbox, and only a person acknowledges."""
    alarm = Alarm()
    for happening in course_of_events:
        before = alarm
        try:
            alarm = after(alarm, happening)
        except NotPossible:
            assert alarm is before
        if alarm.is_acknowledged and not before.is_acknowledged:
            assert isinstance(happening, Acknowledged)
    is_hidden = alarm.suppressed_by or alarm.out_of_service_by
    much_later = at(60 * 24 * 3)
    if alarm.is_active and not is_hidden:
        assert needs_a_person(alarm, much_later)
