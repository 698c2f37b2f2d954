"""Small networks whose answers can be counted by hand, and laws that hold for all."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.methods.network.explaining import shadow_prices
from central.methods.network.infeasible import Prices, Relaxation, contradiction, minimal, relaxed
from central.methods.network.model import Requirement
from central.methods.network.problem import Design, Facility, Network, NoDesign
from central.methods.network.solving import designed, with_open

INFINITE = float("inf")


def network(**changes: object) -> Network:
    """Two depots, three shops: the near one is small, the far one is dear to open."""
    usual = Network(
        facilities=(Facility("near", 60, 10), Facility("far", 100, 50)),
        customers=("a", "b", "c"),
        unit_cost=np.array([[1.0, 1.0, 4.0], [5.0, 5.0, 2.0]]),
        demands=np.array([[20.0, 30.0, 40.0]]),
        probabilities=np.ones(1),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def found(problem: Network) -> Design:
    """The design, which must be there."""
    design = designed(problem)
    assert isinstance(design, Design)
    return design


def test_the_cheapest_design_is_found_and_goods_flow_from_what_is_open() -> None:
    """50 near at 1, 10 more of c would cost 4 near and 2 far: both open, c served from afar."""
    design = found(network())
    assert design.state == "optimal"
    assert design.is_open == (True, True)
    assert design.cost == pytest.approx(10 + 50 + 50 * 1 + 40 * 2)
    assert design.shares.sum(axis=1) == pytest.approx(1)


def test_a_settled_facility_stays_as_it_is() -> None:
    """What a person closed is not used, at a price."""
    closed = found(network().settled("near", "closed"))
    assert closed.is_open == (False, True)
    assert closed.cost == pytest.approx(50 + 20 * 5 + 30 * 5 + 40 * 2)
    assert closed.cost > found(network()).cost


def test_one_source_only_means_one_source() -> None:
    """Whoever is served is served by one facility."""
    design = found(network(is_single_source=True, demands=np.array([[40.0, 30.0, 20.0]])))
    assert set(np.unique(design.shares)) <= {0.0, 1.0}


def test_scenarios_share_what_is_open() -> None:
    """A rare high demand opens the far depot for all scenarios; its cost is the expected one."""
    demands = np.array([[20.0, 30.0, 5.0], [20.0, 30.0, 90.0]])
    design = found(network(demands=demands, probabilities=np.array([0.9, 0.1])))
    assert design.is_open == (True, True)
    assert design.shares.shape == (2, 2, 3)
    assert design.cost == pytest.approx(60 + 0.9 * (50 + 5 * 2) + 0.1 * (50 + 90 * 2))


def test_shadow_prices_are_what_a_unit_more_costs() -> None:
    """By solving again with one unit more: of demand, and of capacity that binds."""
    tight = network(facilities=(Facility("near", 40, 10), Facility("far", 100, 50)))
    design = found(tight)
    prices = shadow_prices(tight, design)
    assert prices is not None
    for at in range(3):
        more = tight.demands.copy()
        more[0, at] += 1
        again = with_open(replace(tight, demands=more), design.is_open)
        assert isinstance(again, Design)
        assert again.cost - design.cost == pytest.approx(prices.demand[at])
    larger = with_open(replace(tight, facilities=(Facility("near", 41, 10), tight.facilities[1])), design.is_open)
    assert isinstance(larger, Design)
    assert design.cost - larger.cost == pytest.approx(prices.capacity[0])
    assert prices.capacity[1] == 0


CONTRADICTIONS = {
    "too little capacity": (
        network(demands=np.array([[60.0, 60.0, 60.0]])),
        {"demand", "capacity"},
        [Relaxation(Requirement("capacity", "near"), 20.0)],
    ),
    "one may be open only": (network(demands=np.array([[50.0, 30.0, 40.0]]), most_open=1), {"most_open"}, None),
    "both are closed": (
        network().settled("near", "closed").settled("far", "closed"),
        {"closed"},
        [Relaxation(Requirement("closed", "far"), 1.0)],
    ),
    "no money": (network(budget=40.0), {"budget"}, [Relaxation(Requirement("budget"), 10.0)]),
    "nobody serves c": (
        network(unit_cost=np.array([[1.0, 1.0, INFINITE], [5.0, 5.0, INFINITE]])),
        {"demand"},
        [Relaxation(Requirement("demand", "c"), 40.0)],
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_contradiction_has_minimal_reasons_and_a_way_out(name: str) -> None:
    """The reasons name the guilty family, and what is given makes a design possible."""
    problem, families, cheapest = CONTRADICTIONS[name]
    assert isinstance(designed(problem), NoDesign)
    why = contradiction(problem, Prices())
    assert families <= {reason.family for reason in why.reasons}
    assert why.is_minimal
    assert why.relaxations
    assert isinstance(designed(relaxed(problem, why.relaxations)), Design)
    if cheapest is not None:
        assert sum(each.amount for each in why.relaxations) == pytest.approx(sum(each.amount for each in cheapest))


def test_nothing_is_given_where_nothing_contradicts() -> None:
    """A network with a design needs no way out."""
    assert contradiction(network(), Prices()).relaxations == ()


def test_dear_relaxations_are_left_alone() -> None:
    """Where capacity costs more than going without, demand gives."""
    short = network(demands=np.array([[60.0, 60.0, 60.0]]))
    why = contradiction(short, Prices(unserved=1.0, capacity=100.0))
    assert {each.requirement.family for each in why.relaxations} == {"demand"}


@given(st.lists(st.integers(0, 9), min_size=1, max_size=10, unique=True), st.data())
def test_the_fewest_that_clash_are_found(candidates: list[int], data: st.DataObject) -> None:
    """Law of QuickXplain: given one guilty set, it is found, and nothing else."""
    guilty = set(data.draw(st.lists(st.sampled_from(candidates), min_size=1, unique=True)))
    assert set(minimal(candidates, lambda kept: guilty <= set(kept))) == guilty


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_no_choice_of_facilities_is_cheaper(seed: int) -> None:
    """Law: the design costs no more than the best flows over any set of open facilities."""
    rng = np.random.default_rng(seed)
    problem = Network(
        facilities=tuple(Facility(f"f{at}", float(rng.integers(20, 60)), float(rng.integers(1, 90))) for at in range(3)),
        customers=("a", "b", "c"),
        unit_cost=rng.integers(1, 9, (3, 3)).astype(float),
        demands=rng.integers(0, 20, (1, 3)).astype(float),
        probabilities=np.ones(1),
    )
    design = designed(problem)
    every = [set(chosen) for size in range(4) for chosen in combinations(range(3), size)]
    tried = [with_open(problem, tuple(at in chosen for at in range(3))) for chosen in every]
    costs = [each.cost for each in tried if isinstance(each, Design)]
    assert isinstance(design, Design) == bool(costs)
    if isinstance(design, Design):
        assert design.cost == pytest.approx(min(costs))
        loads = design.shares[0] @ problem.demands[0]
        assert (loads <= problem.capacities * np.array(design.is_open) + 1e-6).all()
