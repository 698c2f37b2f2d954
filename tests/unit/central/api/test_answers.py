"""Cursors and moments as programs see them."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.api.answers import cursor_of, moment_text, place_of
from central.api.problems import Problem

moments = st.integers(0, 2**40).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC))


@given(moments, st.text(max_size=32), st.integers(0, 2**53))
def test_a_cursor_gives_back_the_place_it_stands_for(moment: datetime, device: str, sequence: int) -> None:
    """Encode then decode is identity."""
    assert place_of(cursor_of(moment, device, sequence), tuple[datetime, str, int]) == (moment, device, sequence)


@given(st.text(max_size=60))
def test_any_other_text_is_a_problem_and_not_a_crash(text: str) -> None:
    """Whatever somebody types as a cursor."""
    with pytest.raises(Problem) as refused:
        place_of(text, tuple[datetime, str, int])
    assert refused.value.status == 422


@pytest.mark.parametrize("moment", ["2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_cursor_with_a_moment_of_no_use_is_a_problem(moment: str) -> None:
    """Without a zone, or at the edges of time: nobody was given such a place."""
    forged = urlsafe_b64encode(f'["{moment}","eye-01"]'.encode()).decode()
    with pytest.raises(Problem, match="Not a cursor"):
        place_of(forged, tuple[datetime, str])


def test_moments_are_utc_with_milliseconds_and_z() -> None:
    """As on the wire."""
    local = datetime(2026, 11, 24, 16, 10, 40, 1999, tzinfo=timezone(timedelta(hours=8)))
    assert moment_text(local) == "2026-11-24T08:10:40.001Z"
