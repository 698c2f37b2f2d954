"""The network of a site: planned anew when its facts are imported, and once a week."""

from datetime import UTC, datetime

from central.capabilities.supply.network.checking import check
from central.capabilities.supply.network.inputs import gather, networks_at
from central.capabilities.supply.network.model import Demand, Inputs, Lane, NetworkPlan, Params, Place, decide
from central.deciding.capability import N_, Budget, Capability
from central.deciding.outcome import Cause


def example() -> tuple[Inputs, Params]:
    """Two depots and three shops; the nearer depot is too small for all."""
    costs = {"near": (1.0, 1.0, 4.0), "far": (5.0, 5.0, 2.0)}
    shops = ("harbour", "market", "hill")
    inputs = Inputs(
        as_of=datetime(2026, 11, 24, 4, tzinfo=UTC),
        causes=(Cause("network", "north", values={"name": "north", "places": 2, "demands": 3, "lanes": 6}),),
        network="north",
        places=(
            Place(name="near", capacity=60, fixed_cost=10),
            Place(name="far", capacity=100, fixed_cost=50),
        ),
        demands=tuple(Demand(customer=shop, units=units) for shop, units in zip(shops, (20, 30, 40), strict=True)),
        lanes=tuple(
            Lane(facility=place, customer=shop, unit_cost=cost)
            for place, row in costs.items()
            for shop, cost in zip(shops, row, strict=True)
        ),
    )
    return inputs, Params()


CARD = Capability(
    module=__name__,
    title=N_("Supply network"),
    subject=N_("Network"),
    subjects=networks_at,
    wakes_on={"network": "network"},
    schedule="23 4 * * 1",
    settle_s=30.0,
    params=Params,
    proposal=NetworkPlan,
    gather=gather,
    decide=decide,
    check=check,
    heavy=Budget(time_s=180.0),
    example=example,
    summary=N_("Keep {opened} open in {network}"),
    adjustable=frozenset(),
    reasons={
        "no_network": N_("{places} places and {demands} demands are known: import places, demands and lanes"),
        "out_of_time": N_("No plan was found in {time_s}: give it more time, or fewer places"),
        "costs": N_("{cost} a period with {opened} of {places} places open"),
        "not_proven": N_("A cheaper plan may exist: time ran out before it was proven that none does"),
        "capacity_more": N_("One unit more of capacity at {name} would save {saves}"),
        "demand_more": N_("One unit more of demand at {name} would cost {saves}"),
        "clash_demand": N_("All that {name} needs is to be served"),
        "clash_all_demand": N_("All demands are to be served"),
        "clash_capacity": N_("{name} can serve no more than its capacity"),
        "clash_all_capacity": N_("No place can serve more than its capacity"),
        "clash_closed": N_("{name} is settled to be closed"),
        "clash_all_closed": N_("Several places are settled to be closed"),
        "clash_most_open": N_("Only so many places may be open"),
        "clash_all_most_open": N_("Only so many places may be open"),
        "clash_budget": N_("The budget for open places is limited"),
        "clash_all_budget": N_("The budget for open places is limited"),
        "clash_single_source": N_("Each customer is to be served by one place"),
        "clash_all_single_source": N_("Each customer is to be served by one place"),
        "give_demand": N_("What would do: {name} goes without {amount}"),
        "give_capacity": N_("What would do: {name} serves {amount} more"),
        "give_closed": N_("What would do: {name} opens after all"),
        "give_most_open": N_("What would do: {amount} more places may be open"),
        "give_budget": N_("What would do: {amount} more for open places"),
        "ships_while_closed": N_("{name} ships, and is not open"),
        "no_lane": N_("Nothing leads from there to {name}"),
        "over_capacity": N_("{name} ships more than it can"),
        "settled_closed": N_("{name} is settled to be closed"),
        "not_served": N_("{name} gets less than it needs"),
        "too_many_open": N_("More places of {name} are open than may be"),
        "plan_anew": N_("Reject it: it is planned anew from what is known"),
    },
    causes={"network": N_("{name}: {places} places, {demands} demands, {lanes} lanes")},
    units={
        "places": "number",
        "demands": "number",
        "lanes": "number",
        "time_s": "number",
        "cost": "money",
        "opened": "number",
        "saves": "money",
        "name": "text",
        "amount": "number",
        "network": "text",
        "units": "units",
    },
    benchmark="network",
    baseline="HiGHS on the plain model",
    exempt={
        "a_plan_is_checked_by_somebody_else_than_its_maker": "no field can be changed by hand, for flows hang together; "
        "tests/unit/central/capabilities/supply/network puts each out of place for its checker"
    },
)
