"""What items of a supplier need by their standing replenishment, on what terms it sells, and how late it was."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from central.capabilities.supply.procurement.facts import Inputs, LeadTime, Need, Params, Rules
from central.capabilities.supply.procurement.learned import lead_time
from central.deciding.capability import Subject
from central.deciding.outcome import Cause, Value
from central.store import catalogue, decisions, purchase_orders, reviews, supplier_terms
from central.store.catalogue import Item
from central.store.decisions import Decision
from central.store.supplier_terms import SupplierTerms

CAPABILITY = "supply.procurement"
REPLENISHMENT = "supply.inventory"
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
        asked = decisions.standing(conn, subject.site, REPLENISHMENT, item.sku)
        if asked is None or asked.state not in ("proposed", "accepted", "adjusted"):
            continue
        if item.sku in ordered and ordered[item.sku] >= asked.decided_at:
            continue
        own = next((each for each in terms.get(item.sku, []) if each.supplier == subject.key), None)
        found.append((_need(conn, item, own, asked, learned), _cause(item, asked)))
    return found


def _ordered_at(conn: Connection, subject: Subject, now: datetime) -> dict[str, datetime]:
    """When each item was last in an order that a person let pass."""
    passed = reviews.accepted(conn, subject.site, CAPABILITY, subject.key, now - timedelta(days=ORDERS_KNOWN_D))
    return {line["sku"]: review.reviewed_at for review, order in passed for line in order["lines"]}


def _need(conn: Connection, item: Item, terms: SupplierTerms | None, asked: Decision, learned: LeadTime) -> Need:
    review = reviews.valid(conn, asked.id)
    proposal = (review.proposal if review else None) or asked.proposal or {}
    told = {name: value for reason in asked.reasons for name, value in reason["values"].items()}
    units = max(int(proposal.get("units", 1)), 1)
    stated = terms.lead_time_d if terms and terms.lead_time_d is not None else told.get("lead_time_d", 0.0)
    return Need(
        sku=item.sku,
        decision=asked.id,
        wanted=units,
        position=float(told.get("available", 0)),
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


def _cause(item: Item, asked: Decision) -> Cause:
    units = asked.proposal["units"] if asked.proposal else None
    return Cause("replenishment", asked.id, values={"sku": item.sku, "wanted": units})
