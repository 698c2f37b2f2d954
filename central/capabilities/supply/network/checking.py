"""Whether a network plan keeps the rules, worked out from the inputs and the plan alone, without the solver. Pure."""

from central.capabilities.supply.network.model import Inputs, NetworkPlan, Params
from central.deciding.outcome import Reason, Violation


def check(inputs: Inputs, plan: NetworkPlan, params: Params) -> list[Violation]:
    """Whether a plan serves the likeliest scenario and keeps the rules, by the inputs and what it says must give."""
    given = {(give.what, give.name): give.amount for give in plan.gives}
    places = {place.name: place for place in inputs.places}
    lanes = {(lane.facility, lane.customer) for lane in inputs.lanes}
    broken: list[tuple[str, str]] = []
    for flow in plan.flows:
        if flow.facility not in plan.opened or flow.facility not in places:
            broken.append(("ships_while_closed", flow.facility))
        if (flow.facility, flow.customer) not in lanes:
            broken.append(("no_lane", flow.customer))
    for name, place in places.items():
        shipped = sum(flow.units for flow in plan.flows if flow.facility == name)
        if shipped > place.capacity + given.get(("capacity", name), 0.0) + _slack(shipped):
            broken.append(("over_capacity", name))
        if place.state == "closed" and name in plan.opened and ("closed", name) not in given:
            broken.append(("settled_closed", name))
    for customer, units in {x.customer: x.units for x in inputs.demands if x.scenario == plan.scenario}.items():
        got = sum(flow.units for flow in plan.flows if flow.customer == customer)
        if got < units - given.get(("demand", customer), 0.0) - _slack(units):
            broken.append(("not_served", customer))
    if params.most_open and len(plan.opened) > params.most_open + given.get(("most_open", ""), 0.0):
        broken.append(("too_many_open", plan.network))
    return [Violation(Reason(code, name=name), Reason("plan_anew", name=name)) for code, name in dict.fromkeys(broken)]


def _slack(units: float) -> float:
    return 0.01 + 1e-6 * units
