"""Schedules that found something once, as short as they could be made."""

from pathlib import Path

import pytest

from tests.model.network import Weather
from tests.model.play import played
from tests.model.schedule import Schedule
from tests.model.steps import BackUp, Conclude, Restore, Step, Storm, Wait

RESTORED_WHILE_IDLE = (Conclude(0, 6), Wait(5), BackUp(), Conclude(0, 6), Wait(5), Restore())
RESTORED_WITH_ONE_MORE = (Conclude(0, 6), Wait(5), Restore(), Conclude(0, 1))
ANSWERS_TWICE = (
    Conclude(0, 6),
    Wait(5),
    Storm(Weather(1.0, duplicate=1.0, shuffles=True), is_up=False, for_s=60),
    Restore(),
)


@pytest.mark.parametrize(
    "steps", [RESTORED_WHILE_IDLE, RESTORED_WITH_ONE_MORE, ANSWERS_TWICE], ids=["idle", "one more", "answers twice"]
)
def test_a_restored_centre_asks_for_what_it_forgot_although_nothing_new_is_sent(
    steps: tuple[Step, ...], tmp_path: Path
) -> None:
    """The device had everything acknowledged: it asks whether the centre still has it, and gives it again."""
    verdict = played(Schedule(1, 1, steps), tmp_path).verdict
    assert not verdict.faults, verdict
    assert verdict.declared == 0
