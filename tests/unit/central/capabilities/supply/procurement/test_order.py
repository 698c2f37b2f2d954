"""One order to a supplier: each line's sum, the rules it keeps, what is left out and why, and how others read it."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from central.capabilities.supply.procurement import drafts
from central.capabilities.supply.procurement.card import CARD, example
from central.capabilities.supply.procurement.facts import Inputs, Order, Params
from central.deciding import wording
from central.deciding.drafts import Heading
from central.deciding.outcome import Outcome


def changed(**values: Any) -> Inputs:
    """The example with other inputs."""
    inputs, _ = example()
    return inputs.model_copy(update=values)


def units(outcome: Outcome[Order]) -> dict[str, int]:
    """Units by item."""
    return {line.sku: line.units for line in outcome.proposal.lines} if outcome.proposal else {}


def test_a_line_says_how_it_came_about() -> None:
    """In the words that a planner would use."""
    outcome = CARD.decide(*example())
    said = [wording.sentence(CARD, reason, str, "en") for reason in outcome.reasons]
    assert "oat-milk-1l: 240 = 180 demand to the next arrival + 95 safety − 47 position, rounded up to 5 × 48" in said[1]
    assert "least quantity of 1 does not bind" in said[1]
    assert "24 because the least quantity is 24" in said[2]


def test_money_that_does_not_reach_leaves_out_by_name() -> None:
    """What fits is ordered; what does not is named with the rule, and what would help with its price."""
    outcome = CARD.decide(example()[0], Params(budget=250.0))
    assert 0 < sum(units(outcome).values()) < 264
    assert outcome.effect is not None
    assert 200 <= outcome.effect.amount <= 250
    assert outcome.would_change[0].code == "costs_budget"


def test_a_budget_below_the_least_value_is_nothing_with_reasons() -> None:
    """No order can be both; each item is named, the cheapest way out too."""
    outcome = CARD.decide(example()[0], Params(budget=120.0))
    assert outcome.state == "nothing"
    assert {reason.code for reason in outcome.reasons} >= {"nothing_pays", "left_out_budget"}
    assert {reason.code for reason in outcome.would_change} >= {"costs_budget", "costs_least_value"}


def test_a_supplier_is_not_asked_on_other_days() -> None:
    """The next day on which it takes orders is told."""
    inputs = changed(as_of=example()[0].as_of + timedelta(days=1))
    outcome = CARD.decide(inputs, Params())
    assert (outcome.state, outcome.reasons[0].values["day"]) == ("nothing", "2026-11-26")


def test_another_currency_is_left_out_by_name() -> None:
    """It is not added up with the others."""
    inputs, params = example()
    odd = inputs.needs[1].model_copy(update={"currency": "USD"})
    outcome = CARD.decide(changed(needs=(inputs.needs[0], odd)), params)
    assert set(units(outcome)) == {"oat-milk-1l"}
    assert "other_currency" in {reason.code for reason in outcome.reasons}


def test_a_price_that_breaks_is_the_price_of_the_order() -> None:
    """From the quantity on which it holds."""
    inputs, params = example()
    cheap = inputs.needs[0].model_copy(update={"price_breaks": ((240, 1.0),)})
    outcome = CARD.decide(changed(needs=(cheap,)), params)
    assert outcome.proposal is not None
    assert [(line.units, line.price) for line in outcome.proposal.lines] == [(240, 1.0)]


def test_a_quantity_that_a_better_price_made_says_so() -> None:
    """And not that the sum was rounded to it."""
    inputs, params = example()
    cheap = inputs.needs[0].model_copy(update={"price_breaks": ((336, 0.9),)})
    outcome = CARD.decide(changed(needs=(cheap,)), params)
    assert units(outcome)["oat-milk-1l"] >= 336
    assert (outcome.reasons[1].code, outcome.reasons[1].values["reached"]) == ("line_price_break", 336)


def test_no_price_fills_the_house_for_months() -> None:
    """Not more than the cover that the rules allow."""
    inputs, params = example()
    cheap = changed(needs=(inputs.needs[0].model_copy(update={"price_breaks": ((336, 0.9),)}),))
    assert units(CARD.decide(cheap, params.model_copy(update={"most_cover_d": 10.0}))) == {"oat-milk-1l": 240}
    assert units(CARD.decide(cheap, params))["oat-milk-1l"] <= 20 * 28 - 47


@pytest.mark.parametrize(("number", "rule"), [(10, "breaks_step"), (48, "breaks_least_value"), (480_000, "breaks_life")])
def test_a_persons_order_is_checked_by_the_same_rules(number: int, rule: str) -> None:
    """And told what would keep them."""
    inputs, params = example()
    proposal = CARD.decide(inputs, params).proposal
    assert proposal is not None
    line = proposal.lines[0].model_copy(update={"units": number})
    assert CARD.check is not None
    broken = CARD.check(inputs, proposal.model_copy(update={"lines": (line,)}), params)
    assert rule in {each.constraint.code for each in broken}


def test_drafts_hold_every_line() -> None:
    """As a spreadsheet, as a message between programs, as a letter; nothing in it is a formula."""
    inputs, params = example()
    order = CARD.decide(inputs, params).proposal
    assert order is not None
    heading = Heading("o-7", "hamburg", inputs.as_of, {"oat-milk-1l": "=HYPERLINK(1)"})
    rows = list(csv.DictReader(io.StringIO(drafts.as_csv(order, heading))))
    assert [(row["sku"], row["units"]) for row in rows] == [("oat-milk-1l", "240"), ("oat-cream", "24")]
    assert rows[0]["name"] == "'=HYPERLINK(1)"
    message = json.loads(drafts.as_json(order, heading))
    assert [line["qty"]["21"] for line in message["lin"]] == [240, 24]
    assert "- 240 x oat-milk-1l" in drafts.as_email(order, heading)
    assert "340.56 EUR" in drafts.as_email(order, heading)
