"""Which facilities to open and who serves whom, or why nothing can serve everybody and what would have to give.

The mathematics is in `methods/network`. Where no design exists, the plan is the best one after the cheapest relaxation, and
says so: it is never an empty answer.
"""

from typing import Literal

import numpy as np
from pydantic import BaseModel, Field

from central.deciding import outcome
from central.deciding.outcome import Money, Outcome, Reason
from central.methods.network import infeasible
from central.methods.network.explaining import shadow_prices
from central.methods.network.infeasible import Contradiction
from central.methods.network.model import Family
from central.methods.network.problem import Design, Facility, Network
from central.methods.network.solving import designed

MOST = 1e9
MOST_NAMED = 5
TOLERANCE = 1e-4
Amount = Field(ge=0, le=MOST)


class Params(BaseModel, frozen=True, extra="forbid"):
    """How a network may look."""

    most_open: int = Field(default=0, ge=0, le=1000, description="Facilities that may be open at once; 0: any number.")
    budget: float = Field(default=0.0, ge=0, le=MOST, description="Fixed costs a period at most; 0: no limit.")
    sources: int = Field(default=0, ge=0, le=1, description="1: each customer is served by one facility; 0: by any number.")
    time_s: float = Field(default=60.0, gt=0, le=600, description="Seconds to look for the cheapest plan.")


class Place(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """A facility: units a period it can serve, money a period while it is open, whether somebody settled it."""

    name: str = Field(min_length=1, max_length=64)
    capacity: float = Amount
    fixed_cost: float = Amount
    state: Literal["free", "open", "closed"] = "free"


class Demand(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """Units a period that a customer needs in a scenario; `chance` is that of the scenario."""

    customer: str = Field(min_length=1, max_length=64)
    scenario: str = Field(default="usual", max_length=64)
    units: float = Amount
    chance: float = Field(default=1.0, gt=0, le=1)


class Lane(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """What one unit costs from a facility to a customer."""

    facility: str = Field(max_length=64)
    customer: str = Field(max_length=64)
    unit_cost: float = Amount


class Inputs(outcome.Inputs, frozen=True):
    """A network as it is known."""

    network: str
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")
    places: tuple[Place, ...] = Field(default=(), max_length=1000)
    demands: tuple[Demand, ...] = Field(default=(), max_length=20_000)
    lanes: tuple[Lane, ...] = Field(default=(), max_length=200_000)


class Flow(BaseModel, frozen=True, extra="forbid"):
    """Units a period from a facility to a customer."""

    facility: str
    customer: str
    units: float


class Give(BaseModel, frozen=True, extra="forbid"):
    """Something that must give: units of demand or capacity, facilities, money."""

    what: Family
    name: str
    amount: float


class NetworkPlan(outcome.Proposal, frozen=True):
    """What to keep open, and flows in the likeliest scenario. `gives`: what must change for it to be possible at all."""

    network: str
    opened: tuple[str, ...]
    closed: tuple[str, ...]
    scenario: str
    flows: tuple[Flow, ...]
    gives: tuple[Give, ...] = ()


def decide(inputs: Inputs, params: Params) -> Outcome[NetworkPlan]:
    """The cheapest design; where there is none, the cheapest way to one."""
    if not inputs.places or not inputs.demands or not inputs.lanes:
        return Outcome.undecided(Reason("no_network", places=len(inputs.places), demands=len(inputs.demands)))
    network, scenarios = network_of(inputs, params)
    found = designed(network, params.time_s)
    if isinstance(found, Design):
        return _proposed(inputs, network, scenarios, found, None)
    why = infeasible.contradiction(network)
    loosened = infeasible.relaxed(network, why.relaxations)
    found = designed(loosened, params.time_s)
    if not isinstance(found, Design):
        return Outcome.undecided(Reason("out_of_time", time_s=params.time_s), *_clashes(why))
    return _proposed(inputs, loosened, scenarios, found, why)


def network_of(inputs: Inputs, params: Params) -> tuple[Network, tuple[str, ...]]:
    """The network as the mathematics has it, and its scenarios, the likeliest first. What stands twice counts once."""
    places = {place.name: place for place in inputs.places}
    chances = {demand.scenario: demand.chance for demand in inputs.demands}
    scenarios = tuple(sorted(chances, key=lambda name: (-chances[name], name)))
    units = {(demand.scenario, demand.customer): demand.units for demand in inputs.demands}
    customers = tuple(sorted({demand.customer for demand in inputs.demands}))
    cost = {(lane.facility, lane.customer): lane.unit_cost for lane in inputs.lanes}
    unit_cost = np.array([[cost.get((place, customer), np.inf) for customer in customers] for place in places])
    probabilities = np.array([chances[name] for name in scenarios])
    network = Network(
        facilities=tuple(Facility(x.name, x.capacity, x.fixed_cost, x.state) for x in places.values()),
        customers=customers,
        unit_cost=unit_cost,
        demands=np.array([[units.get((name, customer), 0.0) for customer in customers] for name in scenarios]),
        probabilities=probabilities / probabilities.sum(),
        is_single_source=params.sources == 1,
        most_open=params.most_open or None,
        budget=params.budget or None,
    )
    return network, scenarios


def _proposed(
    inputs: Inputs, network: Network, scenarios: tuple[str, ...], design: Design, why: Contradiction | None
) -> Outcome[NetworkPlan]:
    names = [facility.name for facility in network.facilities]
    plan = NetworkPlan(
        network=inputs.network,
        opened=tuple(name for name, is_open in zip(names, design.is_open, strict=True) if is_open),
        closed=tuple(name for name, is_open in zip(names, design.is_open, strict=True) if not is_open),
        scenario=scenarios[0],
        flows=_flows(network, design),
        gives=tuple(_give(each) for each in why.relaxations) if why else (),
    )
    money = {"currency": inputs.currency}
    cost = Reason("costs", cost=round(design.cost, 2), opened=len(plan.opened), places=len(names), **money)
    found = () if design.state == "optimal" else (Reason("not_proven", time_s=0),)
    return Outcome.propose(
        plan,
        *(_clashes(why) if why else ()),
        cost,
        *found,
        would_change=tuple(_prices(network, design, inputs.currency)),
        effect=Money(round(design.cost, 2), inputs.currency),
    )


def _flows(network: Network, design: Design) -> tuple[Flow, ...]:
    units = design.shares[0] * network.demands[0]
    return tuple(
        Flow(facility=network.facilities[at].name, customer=network.customers[to], units=round(float(units[at, to]), 3))
        for at, to in zip(*np.nonzero(units > TOLERANCE), strict=True)
    )


def _give(each: infeasible.Relaxation) -> Give:
    return Give(what=each.requirement.family, name=each.requirement.name, amount=round(each.amount, 3))


def _clashes(why: Contradiction) -> list[Reason]:
    """The requirements that clash, then what gives: at most so many of each."""
    clash = [
        Reason(f"clash_{each.family}" if each.name else f"clash_all_{each.family}", name=each.name) for each in why.reasons
    ]
    gives = [
        Reason(f"give_{x.requirement.family}", name=x.requirement.name, amount=round(x.amount, 2)) for x in why.relaxations
    ]
    return [*clash[:MOST_NAMED], *gives[:MOST_NAMED]]


def _prices(network: Network, design: Design, currency: str) -> list[Reason]:
    prices = shadow_prices(network, design)
    if prices is None:
        return []
    best = int(prices.capacity.argmax())
    dearest = int(prices.demand.argmax())
    found = [Reason("demand_more", name=network.customers[dearest], saves=_cents(prices.demand[dearest]), currency=currency)]
    if prices.capacity[best] > TOLERANCE:
        saves = _cents(prices.capacity[best])
        found.insert(0, Reason("capacity_more", name=network.facilities[best].name, saves=saves, currency=currency))
    return found


def _cents(money: float) -> float:
    return round(float(money), 2)
