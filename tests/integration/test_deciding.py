"""A decision's whole life on a real database: woken, decided, reviewed, corrected."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from central.capabilities.supply.inventory.model import Inputs, Params, Replenishment
from central.deciding import waking
from central.deciding.outcome import Outcome
from central.deciding.run import run
from central.deciding.trace import trace
from central.floor import stock
from central.store import decisions, due, params
from tests.parts.house import OAT, SITE, House, all_decisions, said


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house."""
    house = House(tmp_path)
    yield house
    house.close()


def test_a_low_count_becomes_an_order_proposal_that_rests_on_its_event(house: House) -> None:
    """From a count to a recorded and announced proposal whose trace ends at the picture."""
    house.receive("b-04", 11)
    sequence = house.count("b-04", 3)
    assert house.decide() == 1
    (decision,) = all_decisions(house)
    assert decision.state == "proposed"
    assert decision.proposal is not None
    assert decision.proposal["units"] % 12 == 0
    with house.parts.reading() as conn:
        tree = trace(conn, decision.id)
    assert tree is not None
    (count,) = [cause for cause in tree.rests_on if cause.kind == "count"]
    (event,) = count.rests_on
    assert event.link == f"event/eye-01/{sequence}"
    assert event.rests_on[0].kind == "evidence"
    assert said(house) == ["proposed"]


def test_an_outcome_that_did_not_change_records_and_announces_nothing(house: House) -> None:
    """One more count that leads to the same order leaves the open proposal as it is."""
    house.count("b-04", 3)
    house.decide()
    house.pass_time(minutes=1)
    house.count("b-04", 2)
    assert house.decide() == 1
    assert len(all_decisions(house)) == 1
    assert said(house) == ["proposed"]


def test_an_open_proposal_is_not_replaced_by_itself_because_a_side_reason_came_up(house: House) -> None:
    """The book drifts from the count while the order stays what it was: nobody's screen changes under their finger."""
    house.receive("b-04", 3)
    house.count("b-04", 3)
    house.decide()
    house.pass_time(minutes=1)
    house.count("b-04", 2)
    house.decide()
    (decision,) = all_decisions(house)
    assert "counted_differs_from_book" not in decision.codes


def test_a_proposal_is_replaced_when_it_rests_on_better_evidence(house: House) -> None:
    """The same order, first by the book and then by a count, is told again: what one reads as why must be true."""
    house.receive("b-04", 3)
    house.decide()
    house.pass_time(minutes=1)
    house.count("b-04", 3)
    house.receive("b-04", 1)
    house.decide()
    new, old = all_decisions(house)
    assert new.proposal == old.proposal
    assert "by_the_book" in old.codes
    assert "counted" in new.codes


def test_a_changed_outcome_supersedes_the_open_proposal(house: House) -> None:
    """A count far lower asks for more: the old proposal points at the new one, and both facts are announced."""
    house.count("b-04", 20)
    house.decide()
    house.pass_time(minutes=1)
    house.count("b-04", 1)
    house.decide()
    new, old = all_decisions(house)
    assert (old.state, old.superseded_by) == ("superseded", new.id)
    assert new.state == "proposed"
    assert said(house) == ["proposed", "superseded", "proposed"]


def test_enough_stock_is_a_recorded_conclusion_that_is_not_announced(house: House) -> None:
    """Nothing to do is known with its reasons and with what would change it."""
    house.count("b-04", 200)
    house.decide()
    (decision,) = all_decisions(house)
    assert decision.state == "nothing"
    assert decision.would_change
    assert said(house) == []


def test_a_burst_of_counts_is_decided_once(house: House) -> None:
    """Wakes of one subject within the settling time are one run."""
    for units in (9, 7, 5, 3):
        house.count("b-04", units)
        house.pass_time(milliseconds=100)
    assert house.decide() == 1
    assert len(all_decisions(house)) == 1


def test_what_is_woken_while_it_is_decided_stays_due(house: House) -> None:
    """A wake between reading and recording is not lost."""
    house.count("b-04", 3)
    house.pass_time(seconds=2)
    with house.parts.reading() as conn:
        (task,) = due.ready(conn, house.now, 10)
    house.count("b-04", 1)
    run(house.parts.engine, house.inventory, task, house.parts.now)
    with house.parts.reading() as conn:
        assert due.backlog(conn, house.pass_time(seconds=2)) == 1


def test_a_model_that_fails_is_recorded_and_the_open_proposal_stands(house: House) -> None:
    """A crash is an Undecided that anybody can see; it replaces nothing, and goes when the model works again."""
    house.count("b-04", 3)
    house.decide()
    card = house.inventory
    house.parts = replace(house.parts, capabilities=(replace(card, decide=_broken),))
    house.pass_time(minutes=1)
    house.count("b-04", 2)
    house.decide()
    undecided, proposed = all_decisions(house)
    assert undecided.state == "undecided"
    assert undecided.codes == {"model_failed"}
    assert proposed.state == "proposed"
    assert said(house) == ["proposed", "undecided"]
    house.parts = replace(house.parts, capabilities=(card,))
    house.pass_time(minutes=1)
    house.count("b-04", 3)
    house.decide()
    states = [decision.state for decision in all_decisions(house)]
    assert states == ["superseded", "proposed"]


def _broken(inputs: Inputs, params: Params) -> Outcome[Replenishment]:
    raise ZeroDivisionError(f"{inputs.sku}: no reason at all")


def test_an_item_nobody_knows_is_undecided_with_what_is_missing(house: House) -> None:
    """Without history, supplier and stock the answer says so instead of guessing."""
    with house.parts.writing() as conn:
        due.wake(conn, SITE, "supply.inventory", "unknown", house.now, not_before=house.now)
    house.decide()
    (decision,) = all_decisions(house)
    assert decision.state == "undecided"
    assert decision.codes == {"no_position", "no_demand_history", "no_lead_time"}


def test_marking_the_count_wrong_decides_again_on_what_is_left(house: House) -> None:
    """The proposal that rested on a wrong count is replaced by one that rests on the book."""
    house.receive("b-04", 11)
    house.count("b-04", 3)
    house.decide()
    with house.parts.writing() as conn:
        facts = stock.mark_count_wrong(conn, 1, "Li", house.now)
        waking.wake(conn, house.parts.capabilities, facts, house.now)
    house.decide()
    new, old = all_decisions(house)
    assert old.state == "superseded"
    assert "by_the_book" in new.codes
    assert "counted" not in new.codes


def test_a_wrong_count_is_replaced_even_when_the_order_stays_the_same(house: House) -> None:
    """An equal earlier count leads to an equal order, but no decision goes on resting on a count that nobody trusts."""
    house.count("b-04", 3)
    house.pass_time(minutes=1)
    house.count("b-04", 3)
    house.decide()
    with house.parts.writing() as conn:
        facts = stock.mark_count_wrong(conn, 2, "Li", house.now)
        waking.wake(conn, house.parts.capabilities, facts, house.now)
    house.decide()
    new, old = all_decisions(house)
    assert old.proposal == new.proposal
    assert old.state == "superseded"
    with house.parts.reading() as conn:
        assert not decisions.rests_on_wrong_count(conn, new.id)
        tree = trace(conn, old.id)
    assert tree is not None
    assert any(cause.is_wrong for cause in tree.rests_on)


def test_a_count_yields_to_the_book_when_it_is_no_longer_fresh(house: House) -> None:
    """After twelve hours without a count the book is what counts, and the reasons say so."""
    house.receive("b-04", 11)
    house.count("b-04", 3)
    house.decide()
    house.pass_time(hours=13)
    with house.parts.writing() as conn:
        due.wake(conn, SITE, "supply.inventory", OAT, house.now, not_before=house.now)
    house.decide()
    assert "by_the_book" in all_decisions(house)[0].codes


def test_changed_parameters_are_used_and_kept_with_the_decision(house: House) -> None:
    """A decision says under which version of the knobs it was made."""
    with house.parts.writing() as conn:
        params.change(conn, "supply.inventory", {"cover_d": 30.0}, "Li", house.now)
    house.count("b-04", 3)
    house.decide()
    (decision,) = all_decisions(house)
    assert decision.params_version == 1
    assert decision.proposal is not None
    assert decision.proposal["units"] > 30 * 5
