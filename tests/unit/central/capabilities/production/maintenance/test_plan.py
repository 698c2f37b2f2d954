"""Plans: they keep every rule, cost least, stay as they are when little is to be gained, and say why there is none."""

from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.capabilities.production.maintenance.checker import faults
from central.capabilities.production.maintenance.plan import planned
from central.capabilities.production.maintenance.problem import Job, Placement, Problem, Rule, Stock, Team
from central.capabilities.production.maintenance.spans import Span

HOUR, DAY = 60, 1440
WINDOWS = tuple(Span(day * DAY + 18 * HOUR, day * DAY + 22 * HOUR) for day in range(5))
SHIFTS = tuple(Span(day * DAY + 14 * HOUR, day * DAY + 22 * HOUR) for day in range(5))


def rising(per_hour: float) -> Callable[[int], float]:
    """A cost that grows with waiting."""
    return lambda minute: per_hour * minute / HOUR


def job(machine: str, **changes: object) -> Job:
    """Two hours of mechanics, worth doing, the sooner the better."""
    fields: dict[str, object] = {
        "machine": machine, "minutes": 120, "skills": frozenset({"mechanical"}), "parts": {}, "windows": WINDOWS,
        "cost_at": rising(1.0), "cost_of_leaving": 1000.0,
    }  # fmt: skip
    return Job(**{**fields, **changes})  # type: ignore[arg-type]


def team(crew: str = "one", skills: Sequence[str] = ("mechanical",), **changes: object) -> Team:
    """A late shift."""
    return Team(**{"crew": crew, "skills": frozenset(skills), "shifts": SHIFTS, **changes})  # type: ignore[arg-type]


def problem(jobs: Sequence[Job], *teams: Team, stocks: Mapping[str, Stock] | None = None, **changes: float) -> Problem:
    """Five days."""
    return Problem(begin=0, end=5 * DAY, jobs=jobs, teams=teams or (team(),), stocks=stocks or {}, **changes)  # type: ignore[arg-type]


def begins(found: Mapping[str, Placement]) -> dict[str, int]:
    """Machine → hour of the plan."""
    return {machine: place.begin // HOUR for machine, place in found.items()}


def test_the_dearer_one_goes_first_when_there_is_one_crew() -> None:
    """Two fit into an evening, the third waits a day."""
    jobs = [job("a"), job("b", cost_at=rising(9.0)), job("c", cost_at=rising(5.0))]
    plan = planned(problem(jobs))
    assert begins(plan.placed) == {"b": 18, "c": 20, "a": 42}
    assert faults(problem(jobs), plan.placed) == []


def test_what_costs_more_than_it_saves_is_left() -> None:
    """Without a deadline nothing must be done."""
    plan = planned(problem([job("a", cost_of_leaving=10.0)]))
    assert not plan.placed
    assert not plan.conflict
    assert plan.left == {"a"}


def test_skills_are_kept() -> None:
    """The electrician is there too, and does the electric one."""
    jobs = [job("a", skills=frozenset({"electrical"})), job("b")]
    plan = planned(problem(jobs, team(), team("two", ("electrical",))))
    assert {machine: place.crew for machine, place in plan.placed.items()} == {"a": "two", "b": "one"}


def test_one_part_serves_one_job_until_more_arrive() -> None:
    """The one that can wait better waits for the delivery."""
    stocks = {"seal": Stock(part="seal", on_hand=1, arrives_at=3 * DAY)}
    jobs = [job("a", parts={"seal": 1}, cost_at=rising(9.0)), job("b", parts={"seal": 1})]
    plan = planned(problem(jobs, stocks=stocks))
    assert begins(plan.placed) == {"a": 18, "b": 90}


def test_a_plan_does_not_move_for_a_trifle_and_does_for_good_reason() -> None:
    """Moving costs; an hour sooner does not pay for it, a cheap machine that became dear does."""
    kept = Placement("one", 20 * HOUR, 22 * HOUR)
    calm, grave = (
        problem([job("a", previous=kept, cost_at=rising(each), cost_of_leaving=9e3)], change_cost=50.0)
        for each in (1.0, 90.0)
    )
    assert begins(planned(calm).placed) == {"a": 20}
    assert begins(planned(grave).placed) == {"a": 18}


def test_stopping_while_the_site_produces_is_paid_for() -> None:
    """The first evening is worked through, so the job waits for the second."""
    asked = Problem(
        begin=0, end=5 * DAY, jobs=[job("a")], teams=[team()], stocks={}, production=[Span(0, DAY)], stop_cost_per_h=100.0
    )
    assert begins(planned(asked).placed) == {"a": 42}


def test_busy_crews_are_left_alone() -> None:
    """What was ordered stands."""
    assert begins(planned(problem([job("a")], team(busy=[Span(18 * HOUR, 21 * HOUR)]))).placed) == {"a": 42}


@pytest.mark.parametrize(
    ("changes", "kept", "way_out"),
    [
        ({"windows": (Span(4 * DAY + 18 * HOUR, 4 * DAY + 21 * HOUR),)}, "window", "window"),
        ({"parts": {"seal": 1}}, "part", "part"),
        ({"minutes": 300}, "window", "window"),
    ],
)
def test_a_deadline_that_cannot_be_met_is_explained(changes: dict[str, object], kept: str, way_out: str) -> None:
    """Which rules collide, and the cheapest way out, at its price."""
    stocks = {"seal": Stock(part="seal", on_hand=0, arrives_at=4 * DAY, express_at=DAY // 2, express_cost=40.0)}
    asked = problem([job("a", due_by=40 * HOUR, **changes)], team(overtime_per_h=20.0), stocks=stocks)
    plan = planned(asked)
    assert kept in {rule.kind for rule in plan.conflict}
    assert way_out in {rule.kind for rule in plan.way_out}
    assert plan.price is not None


def test_no_rule_of_a_conflict_could_be_left_out() -> None:
    """Both the shift and the deadline are needed to make it impossible; the window has nothing to do with it."""
    late = (Span(3 * DAY + 18 * HOUR, 3 * DAY + 22 * HOUR),)
    plan = planned(problem([job("a", due_by=40 * HOUR)], team(shifts=late, overtime_per_h=20.0)))
    assert plan.conflict == (Rule("deadline", "a"), Rule("shift", "one"))
    assert plan.way_out in ((Rule("shift", "one"),), (Rule("deadline", "a"),))


def test_what_nobody_can_do_has_no_way_out() -> None:
    """The skill is named."""
    plan = planned(problem([job("a", due_by=40 * HOUR, skills=frozenset({"hydraulic"}))]))
    assert plan.conflict == (Rule("skill", "a"),)
    assert plan.price is None


def test_others_are_planned_although_one_cannot_be() -> None:
    """One machine's trouble is not everybody's."""
    jobs = [job("a", due_by=40 * HOUR, skills=frozenset({"hydraulic"})), job("b")]
    assert begins(planned(problem(jobs)).placed) == {"b": 18}


def test_the_same_problem_gives_the_same_plan() -> None:
    """Also where several plans cost the same."""
    asked = problem([job(name) for name in "abcde"], team(), team("two"))
    assert planned(asked) == planned(asked)


jobs_of_chance = st.lists(
    st.builds(
        lambda minutes, parts, cost, due: {"minutes": minutes, "parts": parts, "cost_at": rising(cost), "due_by": due},
        st.sampled_from([30, 90, 120, 240]),
        st.sampled_from([{}, {"seal": 1}, {"seal": 2}]),
        st.floats(0.1, 20),
        st.sampled_from([None, None, 60 * HOUR]),
    ),
    min_size=1,
    max_size=5,
)


@given(jobs_of_chance, st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_every_plan_passes_the_checker(chosen: list[dict[str, object]], on_hand: int) -> None:
    """Whatever is asked: a plan keeps the rules, or says which cannot be kept."""
    stocks = {"seal": Stock(part="seal", on_hand=on_hand, arrives_at=2 * DAY)}
    asked = problem([job(f"m{n}", **fields) for n, fields in enumerate(chosen)], stocks=stocks)
    plan = planned(asked)
    assert faults(asked, plan.placed, are_deadlines_binding=not plan.conflict) == []
    assert set(plan.placed) | plan.left == {each.machine for each in asked.jobs}


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        (Placement("one", 10 * HOUR, 12 * HOUR), "may not stop"),
        (Placement("one", 18 * HOUR, 19 * HOUR), "another time than it needs"),
        (Placement("none", 18 * HOUR, 20 * HOUR), "no such crew"),
        (Placement("two", 18 * HOUR, 20 * HOUR), "lacks a skill"),
        (Placement("one", 42 * HOUR, 44 * HOUR), "begins too late"),
        (Placement("idle", 18 * HOUR, 20 * HOUR), "does not work then"),
    ],
)
def test_the_checker_sees_each_fault(place: Placement, fault: str) -> None:
    """It knows nothing of the solver."""
    teams = (team(), team("two", ("electrical",)), team("idle", shifts=()))
    asked = problem([job("a", due_by=40 * HOUR)], *teams)
    assert any(fault in str(line) for line in faults(asked, {"a": place}))


def test_the_checker_sees_what_only_several_jobs_do_wrong() -> None:
    """Overlaps, parts taken twice, what must be done and is not, what nobody asked for."""
    stocks = {"seal": Stock(part="seal", on_hand=1, arrives_at=3 * DAY)}
    asked = problem([job("a", parts={"seal": 1}), job("b", parts={"seal": 1}), job("c", due_by=HOUR)], stocks=stocks)
    place = Placement("one", 18 * HOUR, 20 * HOUR)
    found = "\n".join(map(str, faults(asked, {"a": place, "b": place, "x": place})))
    for fault in ("a and b at the same time", "seal: 2 needed", "c: must be done", "x: nobody asked"):
        assert fault in found
