"""What people make of a capability on a real database: rules, challengers, autopilots, replays, what came of it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Connection, select

from central.deciding import autopilot as limits
from central.deciding import contest, outturn, replaying, review, tuning
from central.deciding.approving import approve_many, undo_many
from central.deciding.capability import Capability
from central.deciding.outcome import Realised
from central.deciding.replaying import Question
from central.deciding.tuning import Tuning
from central.deciding.value_added import report
from central.errors import ContestRefused, NotReviewable, ParamsRefused, RuleRefused
from central.store import audit, autopilot, decisions, params, reviews, shadows
from central.store.autopilot import AUTOPILOT, Rule
from central.store.decisions import Decision
from tests.parts.house import OAT, SITE, TEA, House, all_decisions
from tests.parts.planners import CARD as CONTESTED


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house with one open proposal."""
    house = House(tmp_path)
    house.count("b-04", 3)
    house.decide()
    yield house
    house.close()


def with_card(house: House, **changes: Any) -> Capability:
    """The house with its card changed."""
    card = replace(house.inventory, **changes)
    house.parts = replace(house.parts, capabilities=(card,))
    return card


def tune(house: House, reason: str = "we ran out", based_on: int = 0, **values: Any) -> int:
    """A planner changes rules."""
    with house.parts.writing() as conn:
        said = Tuning(values=values, reason=reason, based_on=based_on)
        return tuning.tune(conn, house.inventory, said, "mia", house.now)


def newest(house: House, subject: str = OAT) -> Decision:
    """The last decision about a subject."""
    return next(each for each in all_decisions(house) if each.subject == subject)


def test_changed_rules_are_a_new_version_by_which_all_is_decided_again(house: House) -> None:
    """With who, why, before and after in the audit; the decision names the version."""
    before = newest(house)
    assert tune(house, cover_d=30.0) == 1
    house.decide()
    after = newest(house)
    assert after.params_version == 1
    assert after.proposal is not None
    assert before.proposal is not None
    assert after.proposal["units"] > before.proposal["units"]
    with house.parts.reading() as conn:
        (kept,) = params.history(conn, "supply.inventory", 5)
        row = conn.execute(select(audit.audit).where(audit.audit.c.action == "params.change")).mappings().one()
    assert (kept.values, kept.reason, kept.changed_by) == ({"cover_d": 30.0}, "we ran out", "mia")
    assert (row["before"], row["after"]["values"]) == ({}, {"cover_d": 30.0})


def test_rules_are_taken_back_as_a_version_of_their_own(house: House) -> None:
    """History grows; the values are the old ones, None is the default."""
    tune(house, cover_d=30.0)
    with house.parts.writing() as conn:
        assert tuning.revert(conn, house.inventory, 0, "too much", "mia", house.now) == 2
        assert params.current(conn, "supply.inventory") == (2, {})
    tune(house, based_on=2, review_d=2.0)
    assert tune(house, based_on=3, review_d=None) == 4
    with house.parts.reading() as conn:
        assert params.current(conn, "supply.inventory") == (4, {})


def test_rules_that_make_no_sense_are_refused_by_name(house: House) -> None:
    """Out of bounds, unknown, unchanged, without a reason, or chosen from a version that is gone."""
    with pytest.raises(ValidationError, match="service_level"):
        tune(house, service_level=1.5)
    with pytest.raises(ValidationError, match="luck"):
        tune(house, luck=1)
    for why, changes in (("already", {}), ("say why", {"reason": " ", "cover_d": 9.0}), ("look again", {"based_on": 7})):
        with pytest.raises(ParamsRefused, match=why):
            tune(house, **changes)
    with house.parts.writing() as conn, pytest.raises(ParamsRefused, match="never had a version 9"):
        tuning.revert(conn, house.inventory, 9, "so", "mia", house.now)


def test_a_challenger_thinks_beside_and_never_acts_until_promoted(house: House) -> None:
    """Both outcomes on the same inputs; promoted, it acts and the old way thinks beside it."""
    card = with_card(house, challenger=CONTESTED.challenger)
    house.count("b-04", 2)
    house.decide()
    acted = newest(house)
    assert acted.proposal is not None
    with house.parts.reading() as conn:
        (shadow,) = shadows.beside(conn, acted.id)
        found = contest.comparison(conn, card, SITE, house.now - timedelta(days=1))
    assert shadow.way == "a-pack-more"
    assert shadow.proposal is not None
    assert shadow.proposal["packs"] == acted.proposal["packs"] + 1
    assert found is not None
    assert (found.different, found.failed, found.currency) == (found.pairs, 0, "EUR")
    assert found.shadow_cost > found.acted_cost
    with house.parts.writing() as conn:
        contest.judge(conn, card, "promoted", "it runs out less", "mia", house.now)
    house.decide()
    assert newest(house).proposal == shadow.proposal
    with house.parts.reading() as conn:
        assert [each.way for each in shadows.beside(conn, newest(house).id)] == ["own"]


def test_a_rejected_challenger_thinks_no_more_and_verdicts_need_sense(house: House) -> None:
    """Nothing beside the next decision; the same word twice, none at all, or no challenger are refused."""
    card = with_card(house, challenger=CONTESTED.challenger)
    with house.parts.writing() as conn:
        contest.judge(conn, card, "rejected", "too dear", "mia", house.now)
        for why, each, word, reason in (
            ("already", card, "rejected", "x"), ("and why", card, "promoted", " "),
            ("no challenger", replace(card, challenger=None), "promoted", "x"),
        ):  # fmt: skip
            with pytest.raises(ContestRefused, match=why):
                contest.judge(conn, each, word, reason, "mia", house.now)  # type: ignore[arg-type]
    house.count("b-04", 1)
    house.decide()
    with house.parts.reading() as conn:
        assert shadows.beside(conn, newest(house).id) == []
        assert contest.comparison(conn, card, SITE, house.now) is None


def test_a_challenger_that_fails_keeps_nothing_from_being_decided(house: House) -> None:
    """Its failure is what is kept of it."""

    def broken(*_: object) -> Any:
        raise ArithmeticError

    assert CONTESTED.challenger is not None
    with_card(house, challenger=replace(CONTESTED.challenger, decide=broken))
    house.count("b-04", 2)
    house.decide()
    with house.parts.reading() as conn:
        (shadow,) = shadows.beside(conn, newest(house).id)
    assert (newest(house).state, shadow.state) == ("proposed", "undecided")


def rule(house: House, **changes: Any) -> Rule:
    """Small orders may go alone."""
    said: dict[str, Any] = {
        "site": SITE, "capability": "supply.inventory", "is_on": True, "most_effect": 500.0, "most_effect_a_day": 2000.0,
        "currency": "EUR", "most_quantity": None, "least_confidence": 0.5, "undo_minutes": 15.0, "pause_after": 2,
        "changed_by": "li", "changed_at": house.now,
    }  # fmt: skip
    made = Rule(**said | changes)
    with house.parts.writing() as conn:
        limits.change(conn, replace(house.inventory, quantity="units"), made)
    return made


def verdicts(house: House) -> list[str]:
    """Who judged the newest decision of oat milk."""
    with house.parts.reading() as conn:
        return [each.person for each in reviews.all_of(conn, newest(house).id)]


def take_back(house: House) -> None:
    """A person takes the newest verdict back."""
    about = newest(house).id
    with house.parts.writing() as conn:
        made = reviews.valid(conn, about)
        assert made is not None
        review.undo(conn, made.id, "mia", house.now)


def count_again(house: House, units: int) -> None:
    """The shelf is counted, and decided on."""
    house.pass_time(hours=1)
    house.count("b-04", units)
    house.decide()


def test_an_autopilot_is_off_until_somebody_sets_limits_and_then_approves_under_its_own_name(house: House) -> None:
    """The audit names it, with the limit; a person may take it back for as long as the rule says."""
    count_again(house, 2)
    assert verdicts(house) == []
    rule(house)
    count_again(house, 1)
    assert verdicts(house) == [AUTOPILOT]
    assert newest(house).state == "accepted"
    house.pass_time(minutes=10)
    take_back(house)
    with house.parts.reading() as conn:
        rows = conn.execute(select(audit.audit.c.who, audit.audit.c.action)).all()
    assert (AUTOPILOT, "decision.accept") in rows
    assert ("mia", "decision.undo") in rows


@pytest.mark.parametrize(
    "limit",
    [
        {"is_on": False}, {"most_effect": 1.0}, {"most_effect_a_day": 1.0}, {"currency": "CNY"},
        {"most_quantity": 1.0}, {"least_confidence": 0.99},
    ],
)  # fmt: skip
def test_what_is_beyond_any_limit_waits_for_a_person(house: House, limit: dict[str, Any]) -> None:
    """Each limit alone is enough."""
    with_card(house, quantity="units")
    rule(house, **limit)
    count_again(house, 1)
    assert newest(house).state == "proposed"
    assert verdicts(house) == []


def test_an_autopilot_taken_back_too_often_pauses_itself_until_it_is_set_again(house: House) -> None:
    """Twice, by this rule."""
    rule(house)
    for version, cover_d in enumerate((20.0, 40.0, 60.0)):
        tune(house, based_on=version, cover_d=cover_d)
        house.decide()
        assert verdicts(house) == [AUTOPILOT] * (version < 2)
        if version < 2:
            take_back(house)
            house.decide()
    assert newest(house).state == "proposed"
    with house.parts.reading() as conn:
        paused = autopilot.rule(conn, SITE, "supply.inventory")
        actions = conn.execute(select(audit.audit.c.action).where(audit.audit.c.who == AUTOPILOT)).scalars().all()
    assert paused is not None
    assert not paused.is_active
    assert "autopilot.pause" in actions
    rule(house)
    with house.parts.reading() as conn:
        again = autopilot.rule(conn, SITE, "supply.inventory")
    assert again is not None
    assert again.is_active


def test_one_switch_stops_every_autopilot(house: House) -> None:
    """And releases them."""
    rule(house)
    with house.parts.writing() as conn:
        limits.stop_all(conn, "mia", house.now)
    count_again(house, 1)
    assert verdicts(house) == []
    with house.parts.writing() as conn:
        assert autopilot.stopped_by(conn) == "mia"
        limits.release_all(conn, "mia", house.now)
        assert autopilot.stopped_by(conn) is None
    count_again(house, 0)
    assert verdicts(house) == [AUTOPILOT]


def test_limits_that_make_no_sense_are_refused(house: House) -> None:
    """Negative money, no time to take it back, a quantity that the card does not name."""
    for limit in ({"most_effect": -1.0}, {"undo_minutes": 0.0}, {"pause_after": 0}, {"most_quantity": -1.0}):
        with pytest.raises(RuleRefused):
            rule(house, **limit)


def test_many_are_approved_at_once_each_on_its_own(house: House) -> None:
    """One that is gone is told, the others stand; all are taken back alike; two kinds at once are refused."""
    house.count("a-01", 1, TEA)
    house.decide()
    ids = [newest(house, OAT).id, newest(house, TEA).id]
    done = approve_many(house.parts.writing, SITE, [*ids, "gone"], "mia", house.parts.now)
    assert [(each.review is not None, each.problem is None) for each in done] == [(True, True), (True, True), (False, False)]
    assert {newest(house, OAT).state, newest(house, TEA).state} == {"accepted"}
    undone = undo_many(house.parts.writing, SITE, [*ids, "gone"], "mia", house.parts.now)
    assert [each.problem is None for each in undone] == [True, True, False]
    assert newest(house, OAT).state == "proposed"
    mine = newest(house)
    with house.parts.writing() as conn:
        other = replace(mine, id="019aaaaa-0000-7000-8000-000000000000", capability="production.quality")
        decisions.add(conn, other, [])
    with pytest.raises(NotReviewable, match="one kind"):
        approve_many(house.parts.writing, SITE, [ids[0], other.id], "mia", house.parts.now)
    with pytest.raises(NotReviewable, match="at least one"):
        approve_many(house.parts.writing, SITE, [], "mia", house.parts.now)
    (elsewhere,) = approve_many(house.parts.writing, "s2", [ids[0]], "mia", house.parts.now)
    assert elsewhere.problem is not None


def question(house: House, **values: Any) -> Question:
    """The last month, with other rules."""
    return Question(site=SITE, since=house.now - timedelta(days=30), until=house.now + timedelta(days=1), values=values)


def test_the_past_is_thought_again_with_other_rules_and_nothing_is_written(house: House) -> None:
    """The same rules change nothing; a longer cover orders more; what cannot be read any more is counted."""
    count_again(house, 200)
    with house.parts.reading() as conn:
        same = replaying.replay(conn, house.inventory, question(house))
        more = replaying.replay(conn, house.inventory, question(house, cover_d=60.0))
        with pytest.raises(ValidationError):
            replaying.replay(conn, house.inventory, question(house, cover_d=-1))
        with pytest.raises(ParamsRefused):
            replaying.replay(conn, house.inventory, replace(question(house), until=house.now - timedelta(days=40)))
    assert same.retold
    assert same.different == []
    assert (same.unreadable, same.left) == (0, 0)
    assert [each.decision.subject for each in more.different] == [OAT]
    assert more.effect_would["EUR"] > more.effect_was["EUR"]
    before = all_decisions(house)
    with house.parts.writing() as conn:
        decisions.add(conn, replace(before[0], id="019aaaaa-0000-7000-8000-000000000001", inputs={"old": 1}), [])
    with house.parts.reading() as conn:
        assert replaying.replay(conn, house.inventory, question(house)).unreadable == 1
        assert replaying.replay(conn, house.inventory, question(house), clock_s=iter([0.0, 99.0]).__next__).left > 0


def test_what_people_changed_is_held_against_what_came(house: House) -> None:
    """The card says what came; an adjusted order counts as changed, an untouched one does not."""

    def realised(_conn: Connection, decision: Decision) -> Sequence[Realised]:
        return [Realised("units", actual=60.0, naive=24.0, at=decision.decided_at, currency="EUR")]

    card = with_card(house, realised=realised)
    proposed = newest(house)
    assert proposed.proposal is not None
    with house.parts.writing() as conn:
        changed = review.adjusted(conn, card, proposed, {"units": 60, "packs": 5})
        review.adjust(conn, proposed.id, "mia", house.now, "promotion_known", None, changed)
        (number,) = outturn.compared(conn, card, SITE, house.now - timedelta(days=1), house.now + timedelta(days=1))
    assert (number.final, number.model, number.reason) == (60.0, float(proposed.proposal["units"]), "promotion_known")
    assert report([number]).whole.people_added == abs(60.0 - proposed.proposal["units"])
    with house.parts.reading() as conn:
        silent = replace(card, realised=None)
        assert outturn.compared(conn, silent, SITE, house.now - timedelta(days=1), house.now) == []
