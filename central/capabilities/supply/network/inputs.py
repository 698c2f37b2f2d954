"""What is known of a network at a site: its places, demands and lanes, as they were imported."""

from datetime import datetime

from sqlalchemy import Connection

from central.capabilities.supply.network.model import Demand, Inputs, Lane, Params, Place
from central.deciding.capability import Subject
from central.deciding.outcome import Cause
from central.store import networks


def gather(conn: Connection, network: Subject, _params: Params, now: datetime) -> Inputs:
    """Everything `decide` needs, as of `now`."""
    known = networks.get(conn, network.site, network.key)
    values = {"places": len(known.facilities), "demands": len(known.demands), "lanes": len(known.lanes)}
    causes = (Cause("network", network.key, values={"name": network.key, **values}),) if known.facilities else ()
    return Inputs(
        as_of=now,
        causes=causes,
        network=network.key,
        currency=known.facilities[0].currency if known.facilities else "EUR",
        places=tuple(
            Place(name=x.facility, capacity=x.capacity, fixed_cost=x.fixed_cost, state=x.state) for x in known.facilities
        ),
        demands=tuple(
            Demand(customer=x.customer, scenario=x.scenario, units=x.units, chance=x.chance) for x in known.demands
        ),
        lanes=tuple(Lane(facility=x.facility, customer=x.customer, unit_cost=x.unit_cost) for x in known.lanes),
    )


def networks_at(conn: Connection, site: str) -> list[str]:
    """Every network of a site."""
    return networks.names(conn, site)
