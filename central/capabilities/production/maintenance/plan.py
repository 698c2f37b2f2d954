"""A plan over machines: which crew does which job when, by OR-Tools CP-SAT; infeasible plans are explained. Pure.

Method: one literal for each way to do a job; ways of one crew do not overlap, parts drawn before a delivery are on the
shelf, the sum of costs is least. Where no plan keeps all rules, a deletion filter (Chinneck and Dravnieks 1991) finds
rules that collide, none of which could be left out, and the same model with prices on broken rules finds the cheapest
way out. One worker, a fixed seed and a limit in the solver's deterministic time: the same problem gives the same plan on
any machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from central.capabilities.production.maintenance.problem import Job, Placement, Problem, Rule, Way, ways

LIMIT = 4.0  # in the solver's deterministic time, about seconds
LAST_RESORT_S = 30.0
_CENTS = 100
_MOST_CENTS = 10**12


@dataclass(frozen=True)
class Plan:
    """placed: machine → who and when; left: not worth doing within the plan, or not possible.

    conflict: rules that cannot be kept together, empty where all deadlines are met; way_out: those to break at least cost;
    price: what breaking them costs on top, None where there is no way out.
    """

    placed: Mapping[str, Placement]
    left: frozenset[str]
    conflict: tuple[Rule, ...] = ()
    way_out: tuple[Rule, ...] = ()
    price: float | None = None


def planned(problem: Problem) -> Plan:
    """The plan of least cost that meets every deadline; else the best without those, and why they cannot be met."""
    known = {job.machine: ways(problem, job) for job in problem.jobs}
    chosen = _solved(problem, known, frozenset())
    if chosen is not None:
        return _plan(problem, chosen)
    must = [job for job in problem.jobs if job.due_by is not None]
    rules = frozenset(rule for job in must for way in known[job.machine] for rule in way.breaks)
    kept = _collision(replace(problem, jobs=must), known, rules)
    relaxed = _solved(problem, known, rules)
    strict = _solved(replace(problem, jobs=[replace(job, due_by=None) for job in problem.jobs]), known, frozenset())
    plan = _plan(problem, strict or {})
    if relaxed is None:
        return replace(plan, conflict=kept or tuple(Rule("skill", job.machine) for job in must if not known[job.machine]))
    broken = frozenset(rule for way in relaxed.values() for rule in way.breaks)
    return replace(plan, conflict=kept, way_out=tuple(sorted(broken)), price=sum(way.extra for way in relaxed.values()))


def _plan(problem: Problem, chosen: Mapping[str, Way]) -> Plan:
    left = frozenset(job.machine for job in problem.jobs if job.machine not in chosen)
    return Plan({machine: way.place for machine, way in chosen.items()}, left)


def _collision(problem: Problem, known: Mapping[str, list[Way]], rules: frozenset[Rule]) -> tuple[Rule, ...]:
    """Rules that cannot all be kept, and could if any one of them were not; empty where breaking all does not help."""
    broken: frozenset[Rule] = frozenset()
    if _solved(problem, known, rules) is None:
        return ()
    for rule in sorted(rules):
        if _solved(problem, known, broken | {rule}) is None:
            broken |= {rule}
    return tuple(sorted(rules - broken))


def _solved(problem: Problem, known: Mapping[str, list[Way]], broken: frozenset[Rule]) -> dict[str, Way] | None:
    """The way of each job that is done, at least cost; None where what must be done cannot be."""
    usable = {job.machine: _usable(job, known[job.machine], broken) for job in problem.jobs}
    if any(job.due_by is not None and not usable[job.machine] for job in problem.jobs):
        return None
    if not any(usable.values()):
        return {}
    return _solve(problem, usable)


def _usable(job: Job, found: Sequence[Way], broken: frozenset[Rule]) -> list[Way]:
    """The ways that keep all rules but the broken ones. A job without a deadline has none that it could miss."""
    waived = broken if job.due_by is not None else broken | {Rule("deadline", job.machine)}
    return [way for way in found if way.breaks <= waived]


def _solve(problem: Problem, usable: Mapping[str, list[Way]]) -> dict[str, Way] | None:
    from ortools.sat.python import cp_model  # noqa: PLC0415 (50 MB that only the process that plans needs)

    model = cp_model.CpModel()
    takes = [(job, way, model.new_bool_var("")) for job in problem.jobs for way in usable[job.machine]]
    of_job = {job.machine: [taken for each, _, taken in takes if each is job] for job in problem.jobs}
    for job in problem.jobs:
        (model.add_at_most_one if job.due_by is None else model.add_exactly_one)(of_job[job.machine])
    for team in problem.teams:
        mine = [(way.place, taken) for _, way, taken in takes if way.place.crew == team.crew]
        model.add_no_overlap(
            model.new_optional_fixed_size_interval_var(place.begin, place.end - place.begin, taken, "")
            for place, taken in mine
        )
    for part, stock in problem.stocks.items():
        drawn = [(job.parts[part], taken) for job, way, taken in takes if part in way.draws]
        model.add(sum(quantity * taken for quantity, taken in drawn) <= max(stock.on_hand, 0))
    model.minimize(sum((_cents(way.cost) - _cents(job.cost_of_leaving)) * taken for job, way, taken in takes))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = LIMIT
    solver.parameters.max_time_in_seconds = LAST_RESORT_S
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return {job.machine: way for job, way, taken in takes if solver.boolean_value(taken)}


def _cents(amount: float) -> int:
    return round(max(-_MOST_CENTS, min(amount * _CENTS, _MOST_CENTS)))
