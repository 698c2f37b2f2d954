"""Procurement on a real database: what replenishment asks for becomes one order, once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from central.capabilities.supply.procurement.facts import LeadTime, Params
from central.capabilities.supply.procurement.inputs import CAPABILITY, REPLENISHMENT, gather, suppliers_at
from central.deciding import review
from central.deciding.capability import Subject
from central.floor import stock
from central.store import catalogue, decisions, purchase_orders, supplier_terms
from central.store.catalogue import Item
from central.store.decisions import Decision
from central.store.movements import Movement
from central.store.purchase_orders import OrderLine
from central.store.supplier_terms import SupplierRules, SupplierTerms
from tests.parts.house import SITE, House
from tests.parts.programs import Program, problem


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house."""
    house = House(tmp_path)
    yield house
    house.close()


def first_item(conn: Connection) -> Item:
    """An item with a supplier and a shelf."""
    placed = {shelf.sku for shelf in catalogue.all_of(conn, catalogue.Shelf, SITE)}
    return next(item for item in catalogue.all_of(conn, Item) if item.sku in placed)


def asked(conn: Connection, house: House, sku: str, decision_id: str, *, is_agreed: bool = True) -> None:
    """Replenishment asks for an item, and a person agrees."""
    reasons = [
        {"code": "below_reorder_point", "values": {"available": 3, "point": 12}},
        {"code": "demand", "values": {"demand": 4.5, "days": 56}},
        {"code": "safety_stock", "values": {"safety_stock": 6.0, "service_level": 0.97}},
        {"code": "lead_time", "values": {"lead_time_d": 2.0}},
    ]
    proposal = {"sku": sku, "supplier": "?", "units": 24, "packs": 2, "pack_size": 12}
    row = Decision(
        id=decision_id, site=SITE, capability=REPLENISHMENT, subject=sku, state="proposed", decided_at=house.now,
        proposal=proposal, reasons=reasons,
    )  # fmt: skip
    decisions.add(conn, row, [])
    if is_agreed:
        review.accept(conn, decision_id, "ada", house.now)


def test_a_need_begins_when_people_agree_and_ends_when_it_came(house: House) -> None:
    """What is only proposed may be approved as it is: it would be bought twice. What came is needed no more."""
    with house.parts.writing() as conn:
        item = first_item(conn)
        subject = Subject(SITE, item.supplier)
        asked(conn, house, item.sku, "r-1", is_agreed=False)
        assert gather(conn, subject, Params(), house.now).needs == ()
        review.accept(conn, "r-1", "ada", house.now)
        assert [need.wanted for need in gather(conn, subject, Params(), house.now).needs] == [24]
        later = house.now + timedelta(days=1)
        location = catalogue.all_of(conn, catalogue.Shelf, SITE)[0].location
        came = Movement("m-1", "receipt", item.sku, location, 24, later)
        stock.post_movements(conn, SITE, [came], "ada", later)
        assert gather(conn, subject, Params(), later).needs == ()


def test_what_was_agreed_on_before_and_not_bought_is_needed_too(house: House) -> None:
    """The newer replenishment takes the older for ordered, which no order holds yet."""
    with house.parts.writing() as conn:
        item = first_item(conn)
        asked(conn, house, item.sku, "r-1")
        asked(conn, house, item.sku, "r-2")
        (need,) = gather(conn, Subject(SITE, item.supplier), Params(), house.now).needs
    assert (need.wanted, need.position) == (48, 3.0 - 24)


def test_what_is_asked_for_is_gathered_with_the_terms_of_its_supplier(house: House) -> None:
    """Position, demand and safety are those of the replenishment; terms and lateness those of the supplier."""
    with house.parts.writing() as conn:
        item = first_item(conn)
        assert item.supplier in suppliers_at(conn, SITE)
        asked(conn, house, item.sku, "r-1")
        rules = SupplierRules(supplier=item.supplier, currency="EUR", min_order_value=50.0, order_weekdays=(0, 1))
        terms = SupplierTerms(
            supplier=item.supplier, sku=item.sku, unit_price=2.5, currency="EUR", updated_at=house.now, multiple=6,
            min_units=12, price_breaks=((100, 2.0),), lead_time_d=3.0,
        )  # fmt: skip
        supplier_terms.put_rules(conn, [rules])
        supplier_terms.put(conn, [terms])
        came = OrderLine(
            order="o-1", line=1, supplier=item.supplier, sku=item.sku, units_ordered=12, units_received=12,
            ordered_at=house.now - timedelta(days=9), promised_at=house.now - timedelta(days=6),
            received_at=house.now - timedelta(days=4),
        )  # fmt: skip
        purchase_orders.put(conn, SITE, [came])
        inputs = gather(conn, Subject(SITE, item.supplier), Params(), house.now)
    need = inputs.needs[0]
    assert (need.position, need.demand_d, need.safety, need.lead_time_d) == (3.0, 4.5, 6.0, 3.0)
    assert (need.step, need.least, need.price, need.price_breaks) == (6, 12, 2.5, ((100, 2.0),))
    assert (inputs.rules.least_value, inputs.rules.order_weekdays) == (50.0, (0, 1))
    assert inputs.days_late == (2.0,)
    assert [cause.reference for cause in inputs.causes] == ["r-1", item.supplier]


def test_what_was_ordered_is_not_ordered_again(house: House) -> None:
    """Once a person let an order pass, its items are asked for no more until replenishment asks anew."""
    with house.parts.writing() as conn:
        item = first_item(conn)
        asked(conn, house, item.sku, "r-1")
        lines = [{"sku": item.sku, "units": 24, "price": 2.0}]
        order = Decision(
            id="p-1", site=SITE, capability=CAPABILITY, subject=item.supplier, state="proposed", decided_at=house.now,
            proposal={"supplier": item.supplier, "currency": "EUR", "lines": lines}, reasons=[],
        )  # fmt: skip
        decisions.add(conn, order, [])
        subject = Subject(SITE, item.supplier)
        assert len(gather(conn, subject, Params(), house.now).needs) == 1
        review.accept(conn, "p-1", "ada", house.now + timedelta(minutes=1))
        later = house.now + timedelta(minutes=2)
        assert gather(conn, subject, Params(), later).needs == ()


def test_an_item_without_terms_is_bought_as_the_catalogue_has_it(house: House) -> None:
    """At its cost, in its packs."""
    with house.parts.writing() as conn:
        item = first_item(conn)
        asked(conn, house, item.sku, "r-1")
        need = gather(conn, Subject(SITE, item.supplier), Params(), house.now).needs[0]
    assert (need.price, need.currency, need.step) == (item.unit_cost, item.currency, item.pack_size)


def proposed_order(house: House) -> str:
    """The id of an order that waits for a person: a dozen of an item."""
    with house.parts.writing() as conn:
        item = first_item(conn)
        lines = [{"sku": item.sku, "units": 12, "price": 2.0}]
        order = Decision(
            id="p-1", site=SITE, capability=CAPABILITY, subject=item.supplier, state="proposed", decided_at=house.now,
            proposal={"supplier": item.supplier, "currency": "EUR", "lines": lines}, reasons=[],
        )  # fmt: skip
        decisions.add(conn, order, [])
    return order.id


def test_an_order_leaves_the_house_in_three_forms_as_a_person_changed_it(house: House) -> None:
    """As a table, a message and a letter; the number of units is the one that was approved."""
    path = f"decisions/{proposed_order(house)}/draft"
    program = Program(house)
    table = program.get(f"{path}?format=csv")
    assert (table.mimetype, table.headers["Content-Disposition"]) == ("text/csv", "attachment; filename=p-1.csv")
    assert ",12,2.0000,EUR" in table.text
    with house.parts.writing() as conn:
        item = first_item(conn)
        changed = {"supplier": item.supplier, "currency": "EUR", "lines": [{"sku": item.sku, "units": 24, "price": 2.0}]}
        review.adjust(conn, "p-1", "ada", house.now, "local_event", None, changed)
    assert program.get(f"{path}?format=json").get_json()["lin"][0]["qty"] == {"21": 24}
    assert "Total: 48.00 EUR" in program.get(f"{path}?format=email").text


def test_a_draft_that_there_is_not_is_told_as_such(house: House) -> None:
    """A form that is not offered, an order that was refused, a token that may not read."""
    path = f"decisions/{proposed_order(house)}/draft"
    program = Program(house)
    problem(program.get(f"{path}?format=pdf"), 404, "not-found")
    problem(Program(house, "stock:read").get(f"{path}?format=csv"), 403, "missing-scope")
    with house.parts.writing() as conn:
        review.reject(conn, "p-1", "ada", house.now, "wrong_data", None)
    problem(program.get(f"{path}?format=csv"), 409, "nothing-to-send")


def test_a_supplier_whose_deliveries_were_seen_is_told_by_them(house: House) -> None:
    """Five deliveries of eight days count for more than the three days that its terms state."""
    with house.parts.writing() as conn:
        item = first_item(conn)
        asked(conn, house, item.sku, "r-1")
        terms = SupplierTerms(
            supplier=item.supplier, sku=item.sku, unit_price=2.5, currency="EUR", updated_at=house.now, lead_time_d=3.0
        )
        supplier_terms.put(conn, [terms])
        came = [
            OrderLine(
                order=f"o-{at}",
                line=1,
                supplier=item.supplier,
                sku=item.sku,
                units_ordered=12,
                units_received=12,
                ordered_at=house.now - timedelta(days=10 * at + 9),
                received_at=house.now - timedelta(days=10 * at + 1),
            )
            for at in range(5)
        ]
        purchase_orders.put(conn, SITE, came)
        inputs = gather(conn, Subject(SITE, item.supplier), Params(), house.now)
    assert inputs.needs[0].lead_time_d == 8.0
    assert inputs.lead_time == LeadTime(deliveries=5, mean_d=8.0, within_d=8.0)
