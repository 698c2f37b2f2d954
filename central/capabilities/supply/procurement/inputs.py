"""What was agreed on for items of a supplier and not ordered yet, on what terms it sells, and how late it was.

A replenishment becomes a need when it is approved: so an item is never bought twice, by its own proposal and by an order.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from central.capabilities.supply.procurement.facts import Inputs, LeadTime, Need, Params, Rules
from central.capabilities.supply.procurement.learned import lead_time
from central.deciding.capability import Subject
from central.deciding.outcome import Cause, Value
from central.store import catalogue, decisions, purchase_orders, reviews, supplier_terms
from central.store.catalogue import Item
from central.store.decisions import Decision
from central.store.movements import movements
from central.store.supplier_terms import SupplierTerms

CAPABILITY = "supply.procurement"
REPLENISHMENT = "supply.inventory"
NEED_STAYS = timedelta(days=14)  # what was neither ordered nor received by then was bought elsewhere
LATENESS_KNOWN_D = 365
ORDERS_KNOWN_D = 90


def suppliers_at(conn: Connection, site: str) -> list[str]:
    """Every supplier of an item that has a shelf at a site."""
    sold = select(catalogue.items.c.supplier).join(catalogue.shelves, catalogue.shelves.c.sku == catalogue.items.c.sku)
    return sorted(conn.execute(sold.where(catalogue.shelves.c.site == site).distinct()).scalars())


def gather(conn: Connection, subject: Subject, _params: Params, now: datetime) -> Inputs:
    """Everything `decide` needs, as of `now`."""
    known = catalogue.supplier(conn, subject.key)
    received = purchase_orders.received(conn, subject.site, now - timedelta(days=LATENESS_KNOWN_D))
    modes = {name: each.transport or "" for name, each in supplier_terms.every_rules(conn).items()}
    learned = lead_time(received, modes, subject.key, now)
    found = _needs(conn, subject, now, learned)
    rules = supplier_terms.rules_of(conn, subject.key)
    late = tuple(line.late_d for line in received if line.supplier == subject.key and line.late_d is not None)
    usual = next((need.currency for need, _ in found), "EUR")
    causes = [cause for _, cause in found]
    if late:
        values: dict[str, Value] = {"deliveries": len(late)}
        causes.append(Cause("deliveries", subject.key, values=values))
    return Inputs(
        as_of=now,
        causes=tuple(causes),
        supplier=subject.key,
        label=known.label if known else {"en": subject.key},
        rules=Rules(currency=usual)
        if rules is None
        else Rules(
            currency=rules.currency,
            least_value=rules.min_order_value,
            order_cost=rules.freight_per_order,
            order_weekdays=rules.order_weekdays,
        ),
        needs=tuple(need for need, _ in found),
        items=tuple(item.sku for item in catalogue.all_of(conn, Item) if item.supplier == subject.key),
        days_late=late,
        lead_time=learned,
    )


def _needs(conn: Connection, subject: Subject, now: datetime, learned: LeadTime) -> list[tuple[Need, Cause]]:
    items = [item for item in catalogue.all_of(conn, Item) if item.supplier == subject.key]
    terms = supplier_terms.of_items(conn, [item.sku for item in items])
    ordered = _ordered_at(conn, subject, now)
    found = []
    for item in items:
        agreed = _agreed(conn, subject.site, item.sku, max(ordered.get(item.sku, now - NEED_STAYS), now - NEED_STAYS))
        newest = decisions.get(conn, agreed[-1][0]) if agreed else None
        if newest is None:
            continue
        units = [units for _, units in agreed]
        own = next((each for each in terms.get(item.sku, []) if each.supplier == subject.key), None)
        found.append((_need(item, own, newest, units, learned), _cause(item, newest, sum(units))))
    return found


def _agreed(conn: Connection, site: str, sku: str, since: datetime) -> list[tuple[str, int]]:
    """Replenishments that people let pass since then and of which nothing like it came: (decision, units), oldest first."""
    passed = reviews.accepted(conn, site, REPLENISHMENT, sku, since)
    return [
        (review.decision, int(proposal["units"]))
        for review, proposal in passed
        if review.reviewed_at > since and _received(conn, site, sku, review.reviewed_at) < int(proposal["units"])
    ]


def _received(conn: Connection, site: str, sku: str, since: datetime) -> int:
    came = (movements.c.kind == "receipt", movements.c.occurred_at >= since)
    mine = (movements.c.site == site, movements.c.sku == sku)
    return int(conn.execute(select(func.coalesce(func.sum(movements.c.quantity), 0)).where(*mine, *came)).scalar_one())


def _ordered_at(conn: Connection, subject: Subject, now: datetime) -> dict[str, datetime]:
    """When each item was last in an order that a person let pass."""
    passed = reviews.accepted(conn, subject.site, CAPABILITY, subject.key, now - timedelta(days=ORDERS_KNOWN_D))
    return {line["sku"]: review.reviewed_at for review, order in passed for line in order["lines"]}


def _need(item: Item, terms: SupplierTerms | None, asked: Decision, units: Sequence[int], learned: LeadTime) -> Need:
    """By the newest of what was agreed on, which takes those before it, of `units`, for ordered."""
    told = {name: value for reason in asked.reasons for name, value in reason["values"].items()}
    stated = terms.lead_time_d if terms and terms.lead_time_d is not None else told.get("lead_time_d", 0.0)
    return Need(
        sku=item.sku,
        decision=asked.id,
        wanted=sum(units),
        position=float(told.get("available", 0)) - sum(units[:-1]),
        demand_d=float(told.get("demand", 0.0)),
        safety=float(told.get("safety_stock", 0.0)),
        lead_time_d=float(stated if learned.mean_d is None else learned.mean_d),
        **_sold_as(item, terms),
    )


def _sold_as(item: Item, terms: SupplierTerms | None) -> dict[str, Any]:
    """The supplier's terms for an item, those of the catalogue where it gave none."""
    if terms is None:
        return {"price": item.unit_cost, "currency": item.currency, "step": item.pack_size}
    return {
        "price": terms.unit_price,
        "currency": terms.currency,
        "price_breaks": terms.price_breaks,
        "least": max(terms.min_units, 1),
        "step": max(terms.multiple, 1),
        "most": terms.max_units,
        "life_d": terms.shelf_life_d,
    }


def _cause(item: Item, asked: Decision, units: int) -> Cause:
    return Cause("replenishment", asked.id, values={"sku": item.sku, "wanted": units})
