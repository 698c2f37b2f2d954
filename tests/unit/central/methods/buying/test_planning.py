"""Every plan keeps every rule, whatever the needs; few needs are planned as well as trying everything would."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.methods.buying.checker import faults
from central.methods.buying.options import options
from central.methods.buying.planning import greedy_plan, planned
from central.methods.buying.problem import Need, Offer, Problem, Purchase, Supplier, cost_of
from central.methods.buying.shadows import shadows

money = st.floats(0, 500)
offers = st.builds(
    Offer,
    supplier=st.sampled_from(["north", "south"]),
    price=st.floats(0.5, 20),
    price_breaks=st.sampled_from([(), ((10, 0.4),), ((5, 3.0), (40, 0.3))]),
    least=st.integers(1, 60),
    step=st.sampled_from([1, 5, 12, 48]),
    most=st.none() | st.integers(0, 200),
    extra=st.floats(0, 1),
    volume=st.floats(0, 2),
    life_d=st.none() | st.floats(0.5, 60),
)
needs = st.builds(
    Need,
    sku=st.just("?"),
    position=st.integers(-20, 60).map(float),
    mean=st.floats(0, 120),
    sd=st.floats(0, 60),
    wait_d=st.floats(0.5, 60),
    value=st.floats(0.5, 20),
    holding=st.floats(0.01, 2),
    shortage=st.floats(0, 20),
    offers=st.lists(offers, max_size=2, unique_by=lambda offer: offer.supplier),
)


def supplier(name: str) -> st.SearchStrategy[Supplier]:
    """One with any rules."""
    return st.builds(
        Supplier,
        name=st.just(name),
        order_cost=st.floats(0, 50),
        least_value=money,
        container=st.none() | st.floats(1, 50),
        least_fill=st.floats(0, 1),
        may_order=st.booleans(),
    )


@st.composite
def problems(draw: st.DrawFn, most: int = 4) -> Problem:
    """Some needs of two suppliers, with a budget or without."""
    found = draw(st.lists(needs, min_size=1, max_size=most))
    named = [Need(**{**vars(need), "sku": f"i{at}"}) for at, need in enumerate(found)]
    suppliers = {name: draw(supplier(name)) for name in ("north", "south")}
    return Problem(named, suppliers, draw(st.none() | money))


@given(problems())
@settings(deadline=None, max_examples=30)
def test_no_plan_breaks_a_rule(problem: Problem) -> None:
    """Least, step, most, life, price breaks, order day, least value, container, budget; the greedy plan too."""
    plan = planned(problem)
    assert faults(problem, plan.purchases) == []
    assert faults(problem, greedy_plan(problem).purchases) == []


@given(problems())
@settings(deadline=None, max_examples=20)
def test_a_plan_is_no_dearer_than_greed_or_nothing_and_no_cheaper_than_its_bound(problem: Problem) -> None:
    """The bound is one, and nothing is bought that costs more than leaving it."""
    plan = planned(problem)
    assert plan.cost <= greedy_plan(problem).cost + 1e-6
    assert plan.cost <= cost_of(problem, ())[0] + 1e-6
    assert plan.bound <= plan.cost + 1e-6


@given(problems(most=2))
@settings(deadline=None, max_examples=10)
def test_few_needs_are_planned_as_well_as_trying_everything(problem: Problem) -> None:
    """Every choice of options that the checker passes; the solver stops within its gap."""
    every = options(problem)
    ranges = [range(every.start[at], every.start[at + 1]) for at in range(len(problem.needs))]
    best = cost_of(problem, ())[0]
    for rows in product(*ranges):
        bought = [
            Purchase(problem.needs[every.need[row]].sku, every.names[every.supplier[row]], int(every.units[row]))
            for row in rows
            if every.units[row]
        ]
        if not faults(problem, bought):
            best = min(best, cost_of(problem, bought)[0])
    assert planned(problem).cost <= best + 1e-3 * abs(best) + 1e-3


def bread(**changed: object) -> Need:
    """An item that sells some forty until the next order."""
    known: dict[str, object] = {"sku": "bread", "position": 5.0, "mean": 40.0, "sd": 10.0, "wait_d": 7.0, "value": 2.0}
    known |= {"holding": 0.1, "shortage": 3.0, "offers": [Offer(supplier="north", price=2.0, step=12)]}
    return Need(**(known | changed))  # type: ignore[arg-type]


def test_money_that_does_not_reach_buys_what_it_can_and_says_what_more_would_save() -> None:
    """Never an empty answer: the part that fits, and the budget as the rule that costs."""
    problem = Problem([bread()], {"north": Supplier(name="north")}, budget=30.0)
    plan = planned(problem)
    assert [each.units for each in plan.purchases] == [12]
    dearest = shadows(problem, plan)[0]
    assert dearest.rule == "budget"
    assert dearest.gives == pytest.approx(planned(Problem(problem.needs, problem.suppliers)).spend - 30)


def test_a_least_quantity_that_is_too_large_is_named_as_what_it_costs() -> None:
    """A thousand loaves would go stale in money; the rule's shadow says so."""
    need = bread(offers=[Offer(supplier="north", price=2.0, least=5000)])
    problem = Problem([need], {"north": Supplier(name="north")})
    plan = planned(problem)
    assert plan.purchases == ()
    assert [each.rule for each in shadows(problem, plan)] == ["least"]


@pytest.mark.parametrize(
    ("purchase", "rule"),
    [
        (Purchase("bread", "north", 13), "step"),
        (Purchase("bread", "north", 1200), "budget"),
        (Purchase("bread", "south", 12), "not_offered"),
        (Purchase("cake", "north", 12), "not_offered"),
    ],
)
def test_a_persons_plan_is_checked_too(purchase: Purchase, rule: str) -> None:
    """By the same rules, each named."""
    problem = Problem([bread()], {"north": Supplier(name="north")}, budget=100.0)
    assert rule in {fault.rule for fault in faults(problem, [purchase])}


def test_the_same_item_twice_is_a_fault() -> None:
    """One line an item."""
    problem = Problem([bread()], {"north": Supplier(name="north")})
    twice = [Purchase("bread", "north", 12), Purchase("bread", "north", 24)]
    assert [fault.rule for fault in faults(problem, twice)] == ["bought_twice"]
