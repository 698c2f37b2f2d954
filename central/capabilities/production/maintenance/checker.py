"""Whether a plan keeps the rules, worked out a second time from the problem alone, without the solver's words. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from central.capabilities.production.maintenance.problem import Job, Placement, Problem
from central.capabilities.production.maintenance.spans import Span


class Fault(NamedTuple):
    """One rule that a plan breaks, by whom or what, in words for the log."""

    rule: str
    name: str
    words: str

    def __str__(self) -> str:
        return f"{self.name}: {self.words}"


def faults(problem: Problem, placed: Mapping[str, Placement], *, are_deadlines_binding: bool = True) -> list[Fault]:
    """What is wrong with a plan; empty when nothing is. Deadlines bind unless known to collide."""
    waived = [job if are_deadlines_binding else replace(job, due_by=None) for job in problem.jobs]
    jobs = {job.machine: job for job in waived}
    strangers = [Fault("asked", machine, "nobody asked for it") for machine in placed if machine not in jobs]
    own = {machine: place for machine, place in placed.items() if machine in jobs}
    of_jobs = [fault for machine, place in own.items() for fault in _faults_of(problem, jobs[machine], place)]
    missing = [
        Fault("asked", job.machine, "must be done and is not")
        for job in waived
        if job.due_by is not None and job.machine not in own
    ]
    return [*strangers, *of_jobs, *missing, *_overlaps(problem, own), *_parts(problem, jobs, own)]


def _faults_of(problem: Problem, job: Job, place: Placement) -> Iterator[Fault]:
    span = Span(place.begin, place.end)
    team = next((team for team in problem.teams if team.crew == place.crew), None)
    checks = (
        ("duration", "takes another time than it needs", span.minutes == job.minutes),
        ("span", "lies outside of the plan", problem.begin <= span.begin and span.end <= problem.end),
        ("window", "the machine may not stop then", _is_within(span, job.windows)),
        ("crew", "there is no such crew", team is not None),
        ("skills", "the crew lacks a skill", team is None or job.skills <= team.skills),
        ("shift", "the crew does not work then", team is None or _is_within(span, team.shifts)),
        ("deadline", "begins too late", job.due_by is None or span.begin <= job.due_by),
    )
    of_crew = {"crew", "shift"}
    yield from (
        Fault(rule, place.crew if rule in of_crew else job.machine, words) for rule, words, is_kept in checks if not is_kept
    )


def _is_within(span: Span, allowed: Sequence[Span]) -> bool:
    """Neighbouring stretches may together hold what neither does."""
    reached = span.begin
    for stretch in sorted(allowed):
        if stretch.begin <= reached < stretch.end:
            reached = stretch.end
    return reached >= span.end


def _overlaps(problem: Problem, placed: Mapping[str, Placement]) -> Iterator[Fault]:
    for team in problem.teams:
        mine = [(f"{machine}", place.begin, place.end) for machine, place in placed.items() if place.crew == team.crew]
        taken = sorted([*mine, *(("other work", span.begin, span.end) for span in team.busy)], key=lambda each: each[1])
        for number, (name, begin, end) in enumerate(taken):
            for other, other_begin, other_end in taken[number + 1 :]:
                if other_begin < end and begin < other_end and {name, other} != {"other work"}:
                    yield Fault("one_at_a_time", team.crew, f"{name} and {other} at the same time")


def _parts(problem: Problem, jobs: Mapping[str, Job], placed: Mapping[str, Placement]) -> Iterator[Fault]:
    needed = {part for machine in placed for part in jobs[machine].parts}
    for part in sorted(needed):
        stock = problem.stocks.get(part)
        early = [m for m, place in placed.items() if stock is None or place.begin < stock.arrives_at]
        quantity = sum(jobs[machine].parts.get(part, 0) for machine in early)
        if quantity > (max(stock.on_hand, 0) if stock else 0):
            there = stock.on_hand if stock else 0
            yield Fault("part", part, f"{quantity} needed before more arrive, {there} on hand")
