"""What people fix in a proposal, on a real database: kept in each new one, priced, lifted, ended."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from central.capabilities.supply.inventory.model import Inputs, Params, Replenishment
from central.deciding import fixing
from central.deciding.capability import Subject
from central.deciding.fixing import Wish
from central.deciding.outcome import Money, Reason, Violation
from central.errors import LockRefused
from central.store import audit, decisions
from central.store.decisions import Decision
from central.store.locks import Lock
from tests.parts.house import OAT, SITE, House

ABOUT = Subject(SITE, OAT)


def price(inputs: Inputs, proposal: Replenishment, _params: Params) -> Money:
    """An order that is twice as large is twice as dear."""
    assert inputs.supply is not None
    return Money(proposal.units * inputs.supply.unit_cost, "EUR")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house with one open proposal, by a card that can price any."""
    house = House(tmp_path)
    house.parts = replace(house.parts, capabilities=(replace(house.inventory, price=price, effect=price),))
    house.count("b-04", 3)
    house.decide()
    yield house
    house.close()


def fix(house: House, **changes: Any) -> Lock:
    """A planner fixes how many."""
    said: dict[str, Any] = {
        "values": {"units": 120, "packs": 10}, "reason": "promotion_known", "until": house.now + timedelta(days=3),
    }  # fmt: skip
    with house.parts.writing() as conn:
        return fixing.fix(conn, house.inventory, ABOUT, Wish(**said | changes), "mia", house.now)


def standing(house: House) -> Decision:
    """What stands of oat milk."""
    house.decide()
    with house.parts.reading() as conn:
        found = decisions.standing(conn, SITE, "supply.inventory", OAT)
    assert found is not None
    return found


def values_of(decision: Decision, code: str) -> dict[str, Any]:
    """The values of a reason that must be there."""
    (found,) = [reason["values"] for reason in decision.reasons if reason["code"] == code]
    return dict(found)


def test_a_lock_holds_in_each_new_proposal_and_says_what_it_costs(house: House) -> None:
    """Ten packs, for a reason; the difference to the free order is the price."""
    free = standing(house)
    assert free.proposal is not None
    lock = fix(house)
    bound = standing(house)
    assert bound.proposal is not None
    assert (bound.proposal["units"], bound.proposal["supplier"]) == (120, "lakeside")
    told = values_of(bound, "lock_costs")
    assert told["price"] == pytest.approx((120 - free.proposal["units"]) * 1.29, abs=0.01)
    assert bound.effect == pytest.approx(120 * 1.29)
    assert bound.inputs["locks"] == {"units": 120, "packs": 10}
    with house.parts.reading() as conn:
        (cause,) = [cause for cause in decisions.causes_of(conn, bound.id) if cause.kind == "lock"]
        assert audit.first_broken(conn) is None
    assert (cause.reference, cause.values["person"]) == (str(lock.id), "mia")


def test_a_lock_that_is_lifted_or_runs_out_lets_the_planner_decide_again(house: House) -> None:
    """By hand, and by the clock."""
    free = standing(house).proposal
    lock = fix(house)
    assert standing(house).proposal != free
    with house.parts.writing() as conn:
        fixing.lift(conn, SITE, lock.id, "mia", house.now)
    assert standing(house).proposal == free
    fix(house, until=house.now + timedelta(hours=1))
    assert standing(house).proposal != free
    began = house.now
    house.pass_time(hours=2)
    with house.parts.writing() as conn:
        assert fixing.wake_ended(conn, began, house.now) == 1
    assert standing(house).proposal == free


def test_a_lock_that_breaks_a_constraint_is_named_and_not_kept(house: House) -> None:
    """The free proposal stands, and the planner reads that the lock does not."""
    free = standing(house).proposal

    def check(_inputs: Inputs, proposal: Replenishment, _params: Params) -> list[Violation]:
        broken = Violation(Reason("below_reorder_point", available=1, point=2), Reason("no_order_from", on_hand=3))
        return [broken] if proposal.units > 100 else []

    house.parts = replace(house.parts, capabilities=(replace(house.inventory, check=check),))
    fix(house)
    decision = standing(house)
    assert decision.proposal == free
    assert values_of(decision, "lock_not_kept") == {"fixed": "units 120, packs 10"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"values": {}}, "packs, units can be fixed"),
        ({"values": {"sku": "tea"}}, "packs, units can be fixed"),
        ({"values": {"units": 13, "packs": 1}}, "is no proposal"),
        ({"reason": "because"}, "give one of the reasons"),
        ({"note": "x" * 501}, "501 characters"),
        ({"days": -1}, "a lock ends after now"),
        ({"days": 400}, "within 366 days"),
    ],
)
def test_a_lock_that_makes_no_sense_is_refused_by_name(house: House, changes: dict[str, Any], why: str) -> None:
    """Each refusal says what would do."""
    if days := changes.pop("days", 0):
        changes["until"] = house.now + timedelta(days=days)
    with pytest.raises(LockRefused, match=why):
        fix(house, **changes)


def test_a_lock_is_lifted_once_and_at_its_own_site(house: House) -> None:
    """A second time, or from elsewhere, there is nothing to lift."""
    lock = fix(house)
    with house.parts.writing() as conn:
        with pytest.raises(LockRefused, match="there is no lock"):
            fixing.lift(conn, "s2", lock.id, "mia", house.now)
        fixing.lift(conn, SITE, lock.id, "mia", house.now)
        with pytest.raises(LockRefused, match="holds no longer"):
            fixing.lift(conn, SITE, lock.id, "mia", house.now)


def test_a_model_that_heeds_locks_plans_around_them(house: House) -> None:
    """A card that respects a field is asked again, with the lock among its inputs; what it gives is priced likewise."""
    card = house.inventory

    def decide(inputs: Inputs, params: Params) -> Any:
        outcome = card.decide(inputs, params)
        assert outcome.proposal is not None
        return replace(outcome, proposal=outcome.proposal.model_copy(update=inputs.locks))

    respecting = replace(card, decide=decide, respects=frozenset({"units", "packs"}))
    house.parts = replace(house.parts, capabilities=(respecting,))
    fix(house)
    decision = standing(house)
    assert decision.proposal is not None
    assert decision.proposal["packs"] == 10
    assert values_of(decision, "lock_costs")["price"] > 0
