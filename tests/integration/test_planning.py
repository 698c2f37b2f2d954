"""Heavy planners in a process of their own: right, and ended when they hang, eat, die or raise."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from subprocess import DEVNULL, PIPE
from threading import Event, Timer

import msgspec
import pytest

from central.background.loop import Desk
from central.background.planning import Planner, PlannerFailed, PlanningDesk, memory_bytes
from central.deciding.capability import Budget
from central.deciding.thinking import Interrupted
from central.deciding.worker import Question
from central.store import decisions, due
from tests.parts import short_planner
from tests.parts.house import OAT, SITE, House, all_decisions
from tests.parts.planners import CARD


@pytest.fixture
def stop() -> Event:
    """What tells the planner that the centre stops."""
    return Event()


@pytest.fixture
def planner(stop: Event) -> Iterator[Planner]:
    """A planner whose process goes with the test."""
    planner = Planner(stop)
    yield planner
    planner.close()


def test_what_is_decided_elsewhere_is_what_is_decided_here(planner: Planner) -> None:
    """To the last reason, by both ways, whatever the model prints on the way."""
    inputs, params = CARD.example()
    here = CARD.decide(inputs, params)
    assert planner.decide(CARD, "own", inputs, params) == here
    more = planner.decide(CARD, "a-pack-more", inputs, params)
    assert more == CARD.way("a-pack-more")(inputs, params) != here
    chatter = inputs.model_copy(update={"sku": "chatters"})
    assert planner.decide(CARD, "own", chatter, params).state == "proposed"


@pytest.mark.parametrize(
    ("manner", "budget", "why"),
    [
        ("hangs", Budget(time_s=4.0), "took longer than 4 s"),
        ("eats", Budget(time_s=60.0, memory_mb=300), "more than 300 MB"),
        ("dies", Budget(), r"died \(3\)"),
        ("raises", Budget(), "ArithmeticError: no such stock"),
    ],
)
def test_a_planner_that_misbehaves_is_ended_and_the_next_question_answered(
    planner: Planner, manner: str, budget: Budget, why: str
) -> None:
    """Each says what went wrong; the process that comes after works."""
    inputs, params = CARD.example()
    with pytest.raises(PlannerFailed, match=why):
        planner.decide(replace(CARD, heavy=budget), "own", inputs.model_copy(update={"sku": manner}), params)
    assert planner.decide(CARD, "own", inputs, params).state == "proposed"


def test_the_centre_stops_without_waiting_for_a_planner(planner: Planner, stop: Event) -> None:
    """What was being decided is not recorded as failed."""
    inputs, params = CARD.example()
    timer = Timer(0.2, stop.set)
    timer.start()
    with pytest.raises(Interrupted):
        planner.decide(CARD, "own", inputs.model_copy(update={"sku": "hangs"}), params)
    timer.join()


def test_a_planner_whose_centre_was_killed_ends_itself() -> None:
    """A model that hangs is ended by its own process when nobody is left to do it."""
    inputs, params = short_planner.CARD.example()
    hangs = inputs.model_copy(update={"sku": "hangs"})
    asked = Question(
        short_planner.__name__, "own", *(msgspec.Raw(each.model_dump_json().encode()) for each in (hangs, params))
    )
    command = [sys.executable, "-m", "central.deciding.worker"]
    with subprocess.Popen(command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL) as child:
        assert child.stdin is not None
        child.stdin.write(msgspec.json.encode(asked) + b"\n")
        child.stdin.flush()
        assert child.wait(timeout=60) != 0


def test_a_process_that_is_gone_holds_no_memory() -> None:
    """Nor does one that never was."""
    assert memory_bytes(2**22 + 1) == 0


def test_light_decisions_do_not_wait_for_heavy_ones_and_a_failed_plan_leaves_the_last_good_one(
    tmp_path: Path, planner: Planner, stop: Event
) -> None:
    """The desk leaves heavy subjects to the planning desk; what hangs is recorded as undecided, the proposal stands."""
    house = House(tmp_path)
    heavy = replace(house.inventory, module=CARD.module, heavy=Budget(time_s=20.0), decide=CARD.decide)
    house.parts = replace(house.parts, capabilities=(heavy,))
    with house.parts.writing() as conn:
        due.wake(conn, SITE, heavy.name, OAT, house.now, not_before=house.now)
    house.count("b-04", 3)
    house.pass_time(seconds=5)
    Desk(house.parts).look()
    assert all_decisions(house) == []
    assert PlanningDesk(house.parts, planner).look() > 0
    (good,) = [one for one in all_decisions(house) if one.subject == OAT]
    assert good.state == "proposed"
    house.parts = replace(house.parts, capabilities=(replace(heavy, heavy=Budget(time_s=0.0)),))
    house.count("b-04", 2)
    house.pass_time(seconds=5)
    PlanningDesk(house.parts, planner).look()
    with house.parts.reading() as conn:
        failed = decisions.undecided(conn, SITE, heavy.name, OAT)
        stands = decisions.standing(conn, SITE, heavy.name, OAT)
    assert failed is not None
    assert "took longer than 0 s" in failed.reasons[0]["values"]["error"]
    assert stands == good
    stop.set()
    house.close()
