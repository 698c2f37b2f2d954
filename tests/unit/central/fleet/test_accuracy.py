"""A new model must be shown to be no worse than the old one; not to be shown worse is not enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.fleet.accuracy import RULES, Judged, compared

LOSSES = st.lists(st.integers(0, 4), min_size=20, max_size=60)


def judged(losses: dict[str, list[float]], kind: str = "shelf_count", frames: str = "f" * 64) -> Judged:
    """What the program says of a model with these losses."""
    named = {measure: {f"{number:03}": loss for number, loss in enumerate(values)} for measure, values in losses.items()}
    return Judged(kind, "model", sum(map(len, losses.values())), frames, {}, named)


def shelf(losses: list[float]) -> Judged:
    """A counting model."""
    return judged({"count_error": losses})


@given(LOSSES)
def test_a_model_that_does_the_same_passes(losses: list[float]) -> None:
    """However hard the frames are: the comparison is paired."""
    assert compared("shelf_count", shelf(losses), shelf(losses)).passed


@given(LOSSES)
def test_a_model_that_is_off_by_one_more_everywhere_is_kept_back(losses: list[float]) -> None:
    """And the figures say by how much."""
    found = compared("shelf_count", shelf(losses), shelf([loss + 1 for loss in losses]))
    assert found.why == "worse"
    assert found.differences[0].difference == pytest.approx(1)


@given(LOSSES, st.lists(st.integers(0, 2), min_size=60, max_size=60))
def test_the_interval_holds_the_difference_and_a_better_model_passes(losses: list[float], better: list[int]) -> None:
    """Law: low ≤ difference ≤ high, and no loss that falls keeps a model back."""
    improved = [max(0, loss - less) for loss, less in zip(losses, better, strict=False)]
    found = compared("shelf_count", shelf(losses), shelf(improved))
    assert found.passed
    assert found.differences[0].low <= found.differences[0].difference <= found.differences[0].high


def test_few_frames_do_not_settle_it() -> None:
    """Nineteen perfect frames are one too few."""
    found = compared("shelf_count", shelf([0] * 19), shelf([0] * 19))
    assert (found.why, found.passed) == ("too_few_frames", False)
    assert "19 of 20" in (found.detail or "")


def test_an_uncertain_difference_keeps_a_model_back() -> None:
    """Mean difference below the margin, but a few frames decide: the interval's upper end is above it."""
    old, new = [0.0] * 20, [0.0] * 19 + [4.0]
    found = compared("shelf_count", shelf(old), shelf(new))
    assert found.differences[0].difference < RULES["shelf_count"]["count_error"].margin < found.differences[0].high
    assert found.why == "worse"


def test_flawed_parts_that_pass_and_good_ones_that_do_not_are_held_apart() -> None:
    """Fewer false alarms do not buy more misses."""
    old = judged({"missed": [0.0] * 20, "false_alarm": [1.0] * 10 + [0.0] * 10}, "defects")
    new = judged({"missed": [1.0] * 6 + [0.0] * 14, "false_alarm": [0.0] * 20}, "defects")
    found = compared("defects", old, new)
    assert found.why == "worse"
    assert [one.measure for one in found.differences if not one.is_kept] == ["missed"]


def test_models_judged_on_other_frames_or_for_another_task_are_not_compared() -> None:
    """Somebody labelled in between, or gave the wrong --kind."""
    assert compared("shelf_count", shelf([0] * 30), judged({"count_error": [0] * 30}, frames="0" * 64)).why == "other_frames"
    assert compared("defects", judged({}, "defects"), shelf([0] * 30)).why == "other_kind"
