"""People's verdicts on a real database: one is first, it can be undone for ten seconds, then it is announced."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, update

from central.capabilities.supply.inventory.model import Inputs, Params, Replenishment
from central.deciding import review
from central.deciding.capability import Subject
from central.deciding.outcome import Outcome
from central.deciding.run import run
from central.errors import AlreadyReviewed, NotReviewable
from central.store import announcements, audit, due
from tests.parts.house import OAT, SITE, House, all_decisions, said


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house."""
    house = House(tmp_path)
    yield house
    house.close()


def test_two_people_cannot_settle_the_same_proposal(house: House) -> None:
    """The second is told who was first and when."""
    house.count("b-04", 3)
    house.decide()
    (decision,) = all_decisions(house)
    with house.parts.writing() as conn:
        review.accept(conn, decision.id, "Li", house.now)
    with pytest.raises(AlreadyReviewed, match="Li reviewed"), house.parts.writing() as conn:
        review.reject(conn, decision.id, "Chen", house.now, "wrong_data")


def test_what_was_accepted_is_on_order_until_it_comes(house: House) -> None:
    """After approval stock counts as sufficient; when half of it has come, half is still on order."""
    house.count("b-04", 3)
    house.decide()
    (decision,) = all_decisions(house)
    with house.parts.writing() as conn:
        review.accept(conn, decision.id, "Li", house.now)
    house.pass_time(seconds=11)
    house.decide()
    assert decision.proposal is not None
    ordered = decision.proposal["units"]
    latest = all_decisions(house)[0]
    assert latest.state == "nothing"
    assert latest.inputs["on_order"] == ordered
    house.pass_time(hours=1)
    house.receive("b-04", ordered // 2)
    card = house.inventory
    with house.parts.reading() as conn:
        assert card.gather(conn, Subject(SITE, OAT), card.params(), house.now).on_order == ordered - ordered // 2


def test_a_verdict_is_announced_only_when_it_can_no_longer_be_undone(house: House) -> None:
    """Within ten seconds it may be taken back, and integrators never hear of it."""
    house.count("b-04", 3)
    house.decide()
    (decision,) = all_decisions(house)
    with house.parts.writing() as conn:
        made = review.accept(conn, decision.id, "Li", house.now)
    house.pass_time(seconds=9)
    with house.parts.writing() as conn:
        assert review.settle(conn, house.parts.capabilities, house.now) == 0
        review.undo(conn, made.id, "Li", house.now)
    assert all_decisions(house)[0].state == "proposed"
    with house.parts.writing() as conn:
        review.reject(conn, decision.id, "Li", house.now, "local_event", "street closed")
    house.pass_time(seconds=10)
    with house.parts.writing() as conn:
        assert review.settle(conn, house.parts.capabilities, house.now) == 1
        assert review.settle(conn, house.parts.capabilities, house.now) == 0
    assert said(house) == ["proposed", "reviewed"]
    with house.parts.reading() as conn:
        event = msgspec.json.decode(announcements.after(conn, SITE, 0, 100)[-1].payload)
    assert event["data"]["review"]["reason"] == "local_event"
    assert event["data"]["state"] == "rejected"


def test_a_verdict_cannot_be_undone_late_or_by_another_person(house: House) -> None:
    """The window belongs to the one who decided."""
    house.count("b-04", 3)
    house.decide()
    (decision,) = all_decisions(house)
    with house.parts.writing() as conn:
        made = review.accept(conn, decision.id, "Li", house.now)
    with pytest.raises(NotReviewable), house.parts.writing() as conn:
        review.undo(conn, made.id, "Chen", house.now)
    house.pass_time(seconds=10)
    with pytest.raises(NotReviewable), house.parts.writing() as conn:
        review.undo(conn, made.id, "Li", house.now)


def test_a_verdict_that_was_announced_is_not_undone_by_a_clock_that_is_behind(house: House) -> None:
    """Integrators act on it: the request that waited for the database comes too late, whatever time it brings along."""
    house.count("b-04", 3)
    house.decide()
    (decision,) = all_decisions(house)
    before = house.now
    with house.parts.writing() as conn:
        made = review.accept(conn, decision.id, "Li", before)
        review.settle(conn, house.parts.capabilities, house.pass_time(seconds=10))
    with pytest.raises(NotReviewable, match="it stands"), house.parts.writing() as conn:
        review.undo(conn, made.id, "Li", before)


def test_an_undone_verdict_takes_the_place_of_what_was_concluded_meanwhile(house: House) -> None:
    """A further order proposed on top of the one that passed goes when that one is open again: one proposal is left."""
    house.count("b-04", 3)
    house.decide()
    (first,) = all_decisions(house)
    fewer = (first.proposal or {}) | {"packs": 1, "units": 12}
    with house.parts.writing() as conn:
        made = review.adjust(conn, first.id, "Li", house.now, "local_event", proposal=fewer)
    house.count("b-04", 0)
    house.decide()
    assert all_decisions(house)[0].state == "proposed"
    with house.parts.writing() as conn:
        review.undo(conn, made.id, "Li", house.now)
    house.decide()
    assert [decision.state for decision in all_decisions(house)].count("proposed") == 1


def test_an_order_accepted_while_it_is_thought_about_is_not_proposed_again(house: House) -> None:
    """What was thought without the verdict is dropped; the subject stays due and is thought about with it."""
    house.count("b-04", 3)
    house.decide()
    (decision,) = all_decisions(house)
    card = house.inventory

    def slow(inputs: Inputs, params: Params) -> Outcome[Replenishment]:
        with house.parts.writing() as conn:
            review.accept(conn, decision.id, "Li", house.now)
        return card.decide(inputs, params)

    house.receive("c-01", 1)
    house.pass_time(seconds=2)
    with house.parts.reading() as conn:
        (task,) = due.ready(conn, house.now, 10)
    assert run(house.parts.engine, replace(card, decide=slow), task, house.parts.now) is None
    assert [found.state for found in all_decisions(house)] == ["accepted"]
    house.decide()
    assert [found.state for found in all_decisions(house)] == ["nothing", "accepted"]


def test_a_rejected_order_is_not_proposed_again_while_nothing_changes(house: House) -> None:
    """The next count of the same three cartons does not bring the refused order back."""
    house.count("b-04", 3)
    house.decide()
    (decision,) = all_decisions(house)
    with house.parts.writing() as conn:
        review.reject(conn, decision.id, "Li", house.now, "promotion_known")
    house.pass_time(minutes=1)
    house.count("b-04", 3)
    house.decide()
    assert [row.state for row in all_decisions(house)] == ["rejected"]


def test_overriding_needs_a_reason_from_the_list(house: House) -> None:
    """A rejection without a coded reason is refused, and the proposal stays open."""
    house.count("b-04", 3)
    house.decide()
    (decision,) = all_decisions(house)
    for reason in (None, "because"):
        with pytest.raises(NotReviewable, match="one of the reasons"), house.parts.writing() as conn:
            review.reject(conn, decision.id, "Li", house.now, reason)
    assert all_decisions(house)[0].state == "proposed"


def test_each_deed_is_in_the_audit_chain_and_a_changed_row_breaks_it(house: House) -> None:
    """Verdict and undo are audited; whoever edits the past is found."""
    house.count("b-04", 3)
    house.decide()
    (decision,) = all_decisions(house)
    with house.parts.writing() as conn:
        made = review.accept(conn, decision.id, "Li", house.now)
        review.undo(conn, made.id, "Li", house.now)
        assert list(conn.scalars(select(audit.audit.c.action))) == ["decision.accept", "decision.undo"]
        assert audit.first_broken(conn) is None
        conn.execute(update(audit.audit).where(audit.audit.c.id == 1).values(who="Chen"))
        assert audit.first_broken(conn) == 1
