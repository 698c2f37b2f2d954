"""What a plan is asked for: jobs, teams, parts and hours, and every way in which a job could be done. Pure.

Ways that break a rule are listed too, with the rule and its price: they tell, where no plan keeps all rules, which rules
collide and what the cheapest way out is. Minutes since 1970; money in the site's currency.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from central.capabilities.production.maintenance import spans
from central.capabilities.production.maintenance.spans import Span

STEP_MINUTES = 30
MOST_STARTS = 400


class Rule(NamedTuple):
    """A rule that a plan keeps: a machine's windows, a crew's shifts, the stock of a part, a machine's deadline."""

    kind: Literal["window", "shift", "part", "deadline", "skill"]
    name: str


class Placement(NamedTuple):
    """Who begins when, and is done when."""

    crew: str
    begin: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Job:
    """One work order to be placed. cost_at: expected cost of doing it at a minute, before that of stopping the machine;
    cost_of_leaving: of not doing it within the plan; due_by: it must have begun by then; previous: by the last plan.
    """

    machine: str
    minutes: int
    skills: frozenset[str]
    parts: Mapping[str, int]
    windows: Sequence[Span]
    cost_at: Callable[[int], float]
    cost_of_leaving: float
    due_by: int | None = None
    previous: Placement | None = None


@dataclass(frozen=True, kw_only=True)
class Team:
    """A crew: when it works, and what it is busy with already."""

    crew: str
    skills: frozenset[str]
    shifts: Sequence[Span]
    busy: Sequence[Span] = ()
    overtime_per_h: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Stock:
    """A part: how many are there for new jobs, and from when on any number can be had; express_at None: never sooner."""

    part: str
    on_hand: int
    arrives_at: int
    express_at: int | None = None
    express_cost: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Problem:
    """begin, end: of the plan; production: when a standing machine costs stop_cost_per_h; change_cost: of moving a job."""

    begin: int
    end: int
    jobs: Sequence[Job]
    teams: Sequence[Team]
    stocks: Mapping[str, Stock]
    production: Sequence[Span] = ()
    stop_cost_per_h: float = 0.0
    change_cost: float = 0.0


@dataclass(frozen=True)
class Way:
    """One way to do a job. draws: parts taken from the stock; breaks: rules that would have to give way, for
    `extra`, which is part of the cost."""

    place: Placement
    cost: float
    draws: frozenset[str] = frozenset()
    breaks: frozenset[Rule] = frozenset()
    extra: float = 0.0


def ways(problem: Problem, job: Job) -> list[Way]:
    """Every way to do a job, those that break rules too."""
    able = [team for team in problem.teams if job.skills <= team.skills]
    return [way for team in able for begin in _begins(problem, job, team) for way in _ways_at(problem, job, team, begin)]


def _begins(problem: Problem, job: Job, team: Team) -> list[int]:
    """Moments at which a free team could begin, all or evenly some of them."""
    free = spans.without([Span(problem.begin, problem.end)], team.busy)
    useful = spans.shared(free, spans.joined([*job.windows, *team.shifts]))
    starts = [
        start for span in useful for start in range(spans.on_grid(span.begin), span.end - job.minutes + 1, STEP_MINUTES)
    ]
    thinned = starts[:: max(1, -(-len(starts) // MOST_STARTS))]
    kept = job.previous is not None and job.previous.crew == team.crew and job.previous.begin in set(starts)
    return sorted({*thinned, *([job.previous.begin] if kept and job.previous else [])})


def _ways_at(problem: Problem, job: Job, team: Team, begin: int) -> Iterator[Way]:
    place = Placement(team.crew, begin, begin + job.minutes)
    span = Span(place.begin, place.end)
    breaks = {rule for rule, is_kept in _rules_of_time(job, team, span) if not is_kept}
    overtime_h = (job.minutes - spans.minutes_shared(span, spans.joined(team.shifts))) / 60
    stop_h = spans.minutes_shared(span, spans.joined(problem.production)) / 60
    moved = job.previous is not None and job.previous != place
    stopping, overtime = stop_h * problem.stop_cost_per_h, overtime_h * team.overtime_per_h
    extra = overtime + stopping * (Rule("window", job.machine) in breaks)
    cost = job.cost_at(begin) + stopping + overtime
    cost += problem.change_cost * moved
    short = [part for part in job.parts if part not in problem.stocks or begin < problem.stocks[part].arrives_at]
    yield Way(place, cost, frozenset(short) & frozenset(problem.stocks), frozenset(breaks | _unknown(problem, short)), extra)
    if rushed := _rushed(problem, job, short, begin):
        price, rules = rushed
        yield Way(place, cost + price, frozenset(), frozenset(breaks | rules), extra + price)


def _rules_of_time(job: Job, team: Team, span: Span) -> tuple[tuple[Rule, bool], ...]:
    is_whole = {
        "window": spans.minutes_shared(span, spans.joined(job.windows)) == span.minutes,
        "shift": spans.minutes_shared(span, spans.joined(team.shifts)) == span.minutes,
    }
    in_time = job.due_by is None or span.begin <= job.due_by
    return (
        (Rule("window", job.machine), is_whole["window"]),
        (Rule("shift", team.crew), is_whole["shift"]),
        (Rule("deadline", job.machine), in_time),
    )


def _unknown(problem: Problem, parts: Sequence[str]) -> set[Rule]:
    return {Rule("part", part) for part in parts if part not in problem.stocks}


def _rushed(problem: Problem, job: Job, short: Sequence[str], begin: int) -> tuple[float, set[Rule]] | None:
    """The price of having the parts sent by express, where that is in time for a job that begins then."""
    stocks = [problem.stocks[part] for part in short if part in problem.stocks]
    if not stocks or len(stocks) < len(short):
        return None
    if any(stock.express_at is None or begin < stock.express_at for stock in stocks):
        return None
    price = sum(job.parts[stock.part] * stock.express_cost for stock in stocks)
    return price, {Rule("part", stock.part) for stock in stocks}
