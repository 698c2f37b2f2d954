"""Network plans: what is proposed, what is said where nothing is possible, and a checker that believes nobody."""

import pytest

from central.capabilities.supply.network.card import CARD, example
from central.capabilities.supply.network.checking import check
from central.capabilities.supply.network.model import Flow, Inputs, NetworkPlan, Params, decide


def plan_of(inputs: Inputs, params: Params) -> NetworkPlan:
    """The plan that is proposed."""
    plan = decide(inputs, params).proposal
    assert plan is not None
    return plan


def test_the_checker_passes_the_plan_and_names_what_is_changed_in_it() -> None:
    """A flow too small, from a closed place, over capacity, along no lane: each is seen."""
    inputs, params = example()
    plan = plan_of(inputs, params)
    assert check(inputs, plan, params) == []
    first, *others = plan.flows
    changes: dict[str, dict[str, object]] = {
        "not_served": {"flows": tuple(others)},
        "ships_while_closed": {"opened": ()},
        "over_capacity": {"flows": (first.model_copy(update={"units": 1000.0}), *others)},
        "no_lane": {"flows": (*plan.flows, Flow(facility="near", customer="nobody", units=1))},
    }
    for code, change in changes.items():
        broken = check(inputs, plan.model_copy(update=change), params)
        assert code in {each.constraint.code for each in broken}


def test_a_settled_place_and_a_limit_are_seen_by_the_checker() -> None:
    """What a person settled binds the plan of another day too."""
    inputs, params = example()
    plan = plan_of(inputs, params)
    closed = inputs.model_copy(
        update={"places": tuple(each.model_copy(update={"state": "closed"}) for each in inputs.places)}
    )
    assert "settled_closed" in {each.constraint.code for each in check(closed, plan, params)}
    assert "too_many_open" in {each.constraint.code for each in check(inputs, plan, Params(most_open=1))}


@pytest.mark.parametrize("params", [Params(most_open=1), Params(budget=20.0)])
def test_what_is_impossible_is_answered_with_what_must_give(params: Params) -> None:
    """The plan is never empty: it says what clashes and what would do, and keeps the rules with that given."""
    inputs, _ = example()
    crowded = inputs.model_copy(
        update={"demands": tuple(each.model_copy(update={"units": 45.0}) for each in inputs.demands)}
    )
    outcome = decide(crowded, params)
    assert outcome.proposal is not None
    assert outcome.proposal.gives
    assert check(crowded, outcome.proposal, params) == []
    codes = {reason.code for reason in outcome.reasons}
    assert any(code.startswith("clash_") for code in codes)
    assert any(code.startswith("give_") for code in codes)
    assert codes <= set(CARD.reasons)
