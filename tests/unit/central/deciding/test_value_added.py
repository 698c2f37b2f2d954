"""Naive rule v model v people, against what came."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.deciding.value_added import Compared, report

UNITS = st.floats(0, 1000)


def number(month: int = 1, **fields: Any) -> Compared:
    """Ten came; the naive rule said 4, the model 8."""
    said: dict[str, Any] = {"subject": "tea", "naive": 4.0, "model": 8.0, "final": None, "actual": 10.0}
    return Compared(at=datetime(2026, month, 3, tzinfo=UTC), **said | fields)


def test_each_step_is_judged_by_the_loss_it_saves() -> None:
    """The model saved four of six, the person one of two."""
    whole = report([number(final=9.0)]).whole
    assert (whole.naive_loss, whole.model_loss, whole.final_loss) == (6.0, 2.0, 1.0)
    assert (whole.model_added, whole.people_added, whole.helped) == (4.0, 1.0, 1)


def test_too_much_and_too_little_cost_what_they_cost() -> None:
    """An empty shelf is dearer than a full one."""
    dear = number(final=12.0, over_cost=0.5, under_cost=3.0)
    assert report([dear]).whole.changed_final_loss == 1.0
    assert report([dear]).whole.changed_model_loss == 6.0


def test_changes_that_lose_three_periods_running_are_flagged() -> None:
    """Periods in which nothing was changed neither count nor save."""
    losing = [number(month, final=2.0) for month in (1, 2, 4)]
    assert report([*losing, number(3)]).flagged == {"tea"}
    assert report(losing[:2]).flagged == frozenset()
    assert report([*losing, number(5, final=10.0)]).flagged == frozenset()


def test_currencies_are_not_mixed() -> None:
    """One currency is named, several are not."""
    assert report([number(currency="EUR")]).currency == "EUR"
    assert report([number(currency="EUR"), number(currency="CNY")]).currency is None


@given(st.lists(st.tuples(UNITS, UNITS, st.none() | UNITS, UNITS, st.sampled_from("ab")), max_size=20))
def test_subjects_add_up_to_the_whole(rows: list[tuple[float, float, float | None, float, str]]) -> None:
    """No number is counted twice or dropped."""
    found = report(
        Compared(subject=s, at=datetime(2026, 1, 1, tzinfo=UTC), naive=n, model=m, final=f, actual=a)
        for n, m, f, a, s in rows
    )
    assert sum(row.numbers for row in found.subjects) == found.whole.numbers == len(rows)
    assert sum(row.final_loss for row in found.subjects) == pytest.approx(found.whole.final_loss)
    assert sum(row.people_added for row in found.periods) == pytest.approx(found.whole.people_added)
