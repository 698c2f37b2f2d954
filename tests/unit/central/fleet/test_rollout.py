"""A rollout goes canary, 5 %, 25 %, all; each stage waits for its gates; whatever goes wrong takes everything back."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.fleet.accuracy import Accuracy
from central.fleet.rollout import (
    MOST_AT_ONCE,
    RULES,
    STAGES,
    Advance,
    Enter,
    Fail,
    Finish,
    Measure,
    Sight,
    Wait,
    next_step,
    reach,
)
from central.store.rollouts import Phase, Rollout
from tests.makers import NOON

SOAK = timedelta(minutes=10)
GOOD = Accuracy()


def rollout(stage: int = 0, phase: Phase = "measuring", began_at: datetime = NOON) -> Rollout:
    """One at a stage."""
    return Rollout(
        id=7, site=None, kind="shelf_count", sha256="sha256:" + "0" * 64, model="shelf-2", baseline=None, canary="d0",
        soak_s=SOAK.total_seconds(), stage=stage, phase=phase, stage_began_at=began_at, why=None, detail=None,
        begun_by="ann", begun_at=NOON, ended_at=None,
    )  # fmt: skip


def well(device: str = "d0", stage: int = 0, since: datetime = NOON) -> Sight:
    """A device that runs the new model, and nothing is wrong with it."""
    return Sight(
        device=device, stage=stage, runs_new=True, state="running", why=None, running_since=since, heard_at=NOON,
        is_online=True, samples=1000,
    )  # fmt: skip


def waiting(count: int, first: int = 0) -> list[str]:
    """Devices that have their turn yet."""
    return [f"d{number}" for number in range(first, first + count)]


def test_nothing_reaches_a_device_before_it_was_measured() -> None:
    """The first step is a measurement; a model that fails it fails before the canary."""
    assert next_step(rollout(), [], waiting(10), None, NOON) == Measure()
    worse = Accuracy(why="worse", detail="count_error: up to +1.2")
    assert next_step(rollout(), [], waiting(10), worse, NOON) == Fail("accuracy", "count_error: up to +1.2")


def test_the_canary_goes_first_and_alone() -> None:
    """Whatever the fleet's size."""
    assert next_step(rollout(), [], waiting(1000), GOOD, NOON) == Enter(("d0",))


@pytest.mark.parametrize(("stage", "reached"), enumerate((1, 10, 50, 200)))
def test_stages_reach_their_share(stage: int, reached: int) -> None:
    """Of two hundred devices."""
    assert reach(stage, 200) == reached


@given(st.integers(1, 3000), st.integers(0, 3))
def test_a_later_stage_reaches_no_fewer_and_the_last_reaches_all(devices: int, stage: int) -> None:
    """Law of the stages."""
    assert 1 <= reach(stage, devices) <= reach(min(stage + 1, 3), devices)
    assert reach(3, devices) == devices


def test_a_stage_ends_when_its_devices_have_run_well_for_the_soak() -> None:
    """Counted from when each was first seen to run it."""
    soaking = rollout(0, "soaking")
    later = well(since=NOON + timedelta(minutes=4))
    assert next_step(soaking, [later], waiting(9, 1), None, NOON + SOAK) == Wait(NOON + timedelta(minutes=14))
    assert next_step(soaking, [later], waiting(9, 1), None, NOON + timedelta(minutes=14)) == Advance()


def test_a_stage_that_reaches_no_further_device_is_passed_over() -> None:
    """Five per cent of three devices is the canary."""
    assert next_step(rollout(1), [well()], waiting(2, 1), None, NOON) == Advance()
    assert next_step(rollout(3), [well()], [], None, NOON) == Finish()


def test_a_large_stage_is_entered_a_few_devices_at_once() -> None:
    """So that no transaction holds up what devices say; it soaks when all of it is in."""
    first = next_step(rollout(3), [well()], waiting(999, 1), GOOD, NOON)
    assert isinstance(first, Enter)
    assert len(first.devices) == MOST_AT_ONCE
    entered = [well(), *(well(device, 3) for device in first.devices)]
    more = next_step(rollout(3, "soaking"), entered, waiting(949, 51), None, NOON)
    assert isinstance(more, Enter)
    assert more.devices[0] == "d51"


def test_a_small_fleet_is_reached_whole_in_four_stages() -> None:
    """Every device once, in order, each stage measured."""
    now, current, left, measured = NOON, rollout(), waiting(30), 0
    seen: list[Sight] = []
    for _ in range(40):
        step = next_step(current, seen, left, None, now)
        if isinstance(step, Measure):
            measured += 1
            step = next_step(current, seen, left, GOOD, now)
        match step:
            case Enter(devices):
                seen = [*seen, *(well(device, current.stage, now) for device in devices)]
                left = [device for device in left if device not in devices]
                current = replace(current, phase="soaking", stage_began_at=now)
            case Wait(until):
                assert until is not None
                now = until
            case Advance():
                current = replace(current, stage=current.stage + 1, phase="measuring", stage_began_at=now)
            case Finish():
                break
    assert (current.stage, left, measured) == (3, [], 4)
    assert [sum(one.stage == stage for one in seen) for stage in range(len(STAGES))] == [1, 1, 6, 22]
    assert [one.device for one in seen] == waiting(30)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"state": "rolled_back", "runs_new": False, "why": "the agent ended 3 times"}, "taken_back"),
        ({"state": "refused", "runs_new": False, "running_since": None, "why": "signature"}, "taken_back"),
        ({"task_errors": 14}, "task_errors"),
        ({"dropped": 2000, "looked_share_before": 0.8}, "dropped"),
        ({"is_online": False}, "silent"),
    ],
)
def test_one_device_that_is_not_well_ends_the_rollout(change: dict[str, object], why: str) -> None:
    """Also one of an earlier stage, also while the next is measured; it is named."""
    now = NOON + RULES.silence + timedelta(minutes=1)
    bad = replace(well("d4"), **change)  # type: ignore[arg-type]  # each case fits its field
    for phase in ("measuring", "soaking"):
        step = next_step(rollout(1, phase, now), [bad, well("d5", 1, now)], waiting(9, 6), GOOD, now)
        assert isinstance(step, Fail)
        assert step.why == why
        assert "d4" in step.detail


@pytest.mark.parametrize(
    "change",
    [
        {"task_errors": 13},
        {"dropped": 1000, "looked_share_before": 0.8},
        {"samples": 10, "dropped": 150},
        {"is_online": False},
    ],
)
def test_what_happens_to_a_well_device_ends_nothing(change: dict[str, object]) -> None:
    """A few errors, drops as before, drops among a handful of frames, a line that is down for a moment."""
    step = next_step(rollout(0, "soaking"), [replace(well(), **change)], waiting(9, 1), None, NOON + SOAK)  # type: ignore[arg-type]
    assert step == Advance()


def test_a_device_that_is_away_is_waited_for_and_then_left_behind() -> None:
    """It takes the model when it comes; the others are not held up for ever."""
    away = replace(well("d1"), runs_new=False, state="fetching", running_since=None, is_online=False)
    soaking = rollout(0, "soaking")
    ends = NOON + RULES.patience
    assert next_step(soaking, [well(), away], waiting(9, 2), None, ends - timedelta(seconds=1)) == Wait(ends)
    assert next_step(soaking, [well(), away], waiting(9, 2), None, ends) == Advance(("d1",))


def test_a_stage_that_nobody_ran_has_proven_nothing() -> None:
    """A canary that is switched off does not let the model through."""
    away = replace(well(), runs_new=False, state=None, running_since=None)
    step = next_step(rollout(0, "soaking"), [away], waiting(9, 1), None, NOON + RULES.patience)
    assert isinstance(step, Fail)
    assert step.why == "never_ran"
    assert "1 day" in step.detail


def test_a_stage_whose_devices_were_shut_out_has_proven_nothing() -> None:
    """It says so at once, and not that somebody was waited for."""
    step = next_step(rollout(1, "soaking"), [well("d1", stage=0)], waiting(9, 2), None, NOON)
    assert isinstance(step, Fail)
    assert "shut out" in step.detail
