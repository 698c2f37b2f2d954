"""When work is worth it: risk and cost, what people said before, what is not known, and what stands."""

from datetime import timedelta
from typing import Any

import pytest

from central.capabilities.production.maintenance import model, spans
from central.capabilities.production.maintenance.card import example
from central.capabilities.production.maintenance.facts import Health, Inputs, Params, Placed
from central.capabilities.production.maintenance.model import decide
from central.capabilities.production.maintenance.plan import Plan
from central.capabilities.production.maintenance.problem import Placement, Problem
from central.deciding.outcome import Outcome, Reason


def inputs(asset: dict[str, Any] | None = None, **changes: Any) -> Inputs:
    """The example, with another pump, or other than that."""
    whole, _ = example()
    pump, *others = whole.assets
    return whole.model_copy(update={"assets": (pump.model_copy(update=asset or {}), *others), **changes})


def codes(outcome: Outcome) -> list[str]:
    """What it says."""
    return [reason.code for reason in outcome.reasons]


def first(outcome: Outcome) -> Reason:
    """The main reason."""
    return outcome.reasons[0]


def test_a_likely_fault_is_looked_for_in_the_first_window_that_fits() -> None:
    """With the crew that can, at the price of work and parts, in time to tell them."""
    outcome = decide(inputs(), Params())
    assert outcome.proposal is not None
    assert (outcome.proposal.task, outcome.proposal.crew) == ("inspect", "mechanics")
    assert outcome.proposal.starts_at.hour == 18
    assert outcome.effect is not None
    assert outcome.effect.amount == 90 + 48
    assert outcome.approve_by is not None
    assert outcome.approve_by == outcome.proposal.starts_at - timedelta(hours=2)
    assert first(outcome).code == "in_alarm"


def test_a_sound_young_machine_is_left_alone() -> None:
    """And it is said at which chance of failing that would change."""
    outcome = decide(inputs({"health": Health(condition="normal", ratio=0.3), "age_d": 30.0}), Params())
    assert outcome.state == "nothing"
    assert codes(outcome)[0] == "waiting_is_cheaper"
    assert outcome.would_change[0].code == "order_if_chance"


def test_an_old_machine_is_renewed_before_it_fails() -> None:
    """Its sensors show nothing, its kind does not live longer; what is thrown away is little."""
    outcome = decide(inputs({"health": Health(condition="normal", ratio=0.3), "age_d": 2500.0}), Params())
    assert outcome.proposal is not None
    assert outcome.proposal.task == "renew"


def test_a_sensor_in_doubt_says_nothing_about_the_machine() -> None:
    """Only the age counts then; without that nothing is known."""
    doubtful = Health(condition="sensor", ratio=9.0, since=inputs().as_of)
    assert decide(inputs({"health": doubtful}), Params()).state == "nothing"
    unknown = decide(inputs({"health": doubtful, "life_d": None}), Params())
    assert unknown.state == "undecided"
    assert codes(unknown)[:2] == ["no_life_known", "sensor_in_doubt"]


@pytest.mark.parametrize(("true", "false", "due"), [(4, 0, True), (0, 6, False)])
def test_what_was_found_before_decides_whether_an_alarm_is_urgent(true: int, false: int, due: bool) -> None:
    """A kind of machine whose alarms are mostly false gets no deadline; the chance is told as confidence."""
    outcome = decide(inputs({"found_true": true, "found_false": false}), Params())
    assert any(reason.code == "no_deadline_if_false" for reason in outcome.would_change) is due
    assert outcome.confidence is not None
    assert (outcome.confidence > 0.4) is due


def test_a_score_that_rises_fast_shortens_what_is_left() -> None:
    """The interval is told in days."""
    slow, fast = (inputs({"health": _alarm(ratio_per_d=rise)}) for rise in (None, 1.5))
    ends = [decide(each, Params()).interval for each in (slow, fast)]
    assert ends[0] is not None
    assert ends[1] is not None
    assert ends[1].low < ends[0].low


def test_an_order_that_waits_is_not_proposed_again() -> None:
    """And its crew is busy then for the others."""
    begin = spans.minute_of(inputs().as_of) // 1440 * 1440 + 18 * 60
    placed = Placed(crew="mechanics", begin=begin, end=begin + 240, is_ordered=True)
    given = inputs({"placed": placed})
    assert first(decide(given, Params())).code == "order_waits"
    conveyor = given.assets[1].model_copy(update={"health": _alarm()})
    other = given.model_copy(update={"assets": (given.assets[0], conveyor), "machine": "conveyor-1"})
    outcome = decide(other, Params(alarm_within_h=400))
    assert outcome.proposal is not None
    assert outcome.proposal.starts_at >= spans.moment_of(begin + 240)


def test_what_is_proposed_for_the_near_future_stays() -> None:
    """Within the frozen hours, even where another time is cheaper now."""
    begin = spans.minute_of(inputs().as_of) // 1440 * 1440 + 20 * 60
    outcome = decide(inputs({"placed": Placed(crew="mechanics", begin=begin, end=begin + 90, is_ordered=False)}), Params())
    assert outcome.proposal is not None
    assert outcome.proposal.starts_at == spans.moment_of(begin)


def test_no_is_respected_until_an_alarm_comes_after_it() -> None:
    """A rejection holds for a week."""
    since = inputs().as_of - timedelta(hours=6)
    later, earlier = (since + timedelta(hours=hours) for hours in (1, -1))
    assert first(decide(inputs({"rejected_at": later}), Params())).code == "rejected_lately"
    assert decide(inputs({"rejected_at": earlier}), Params()).state == "proposed"
    assert decide(inputs({"rejected_at": later - timedelta(days=8)}), Params()).state == "proposed"


def test_a_deadline_that_nobody_can_keep_is_explained_with_a_way_out() -> None:
    """The rules that collide, the cheapest of them to break, and what that costs."""
    whole = inputs()
    rested = whole.crews[0].model_copy(update={"shifts": ()})
    outcome = decide(whole.model_copy(update={"crews": (rested,)}), Params())
    assert outcome.state == "undecided"
    assert {"no_plan", "keeps_shift", "way_out", "gives_shift"} <= set(codes(outcome))
    price = next(reason for reason in outcome.reasons if reason.code == "way_out").values["price"]
    assert price == pytest.approx(1.5 * 35.0)


def test_a_machine_without_a_deadline_that_finds_no_room_says_so() -> None:
    """No crew at all."""
    calm = {"health": Health(condition="normal", ratio=0.3), "age_d": 2500.0}
    assert first(decide(inputs(calm, crews=()), Params())).code == "no_room"


def test_a_plan_that_breaks_a_rule_is_never_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker stands between the solver and the proposal."""

    def wrong(_problem: Problem) -> Plan:
        return Plan({"pump-1": Placement("mechanics", 0, 90)}, frozenset())

    monkeypatch.setattr(model, "planned", wrong)
    with pytest.raises(model.BrokenPlan, match="outside of the plan"):
        decide(inputs(), Params())


def test_the_parts_of_one_plan_fit_together() -> None:
    """Each machine's own decision is its part: two in alarm share one crew and one bearing without a clash."""
    whole = inputs()
    conveyor = whole.assets[1].model_copy(update={"health": _alarm()})
    both = whole.model_copy(update={"assets": (whole.assets[0], conveyor)})
    found = [
        decide(both.model_copy(update={"machine": name}), Params(alarm_within_h=400)) for name in ("pump-1", "conveyor-1")
    ]
    one, other = (outcome.proposal for outcome in found)
    assert one is not None
    assert other is not None
    assert one.ends_at <= other.starts_at or other.ends_at <= one.starts_at
    later = max(one.starts_at, other.starts_at)
    assert later >= whole.as_of + timedelta(days=3)  # the second bearing is three days away


def _alarm(**changes: Any) -> Health:
    fields: dict[str, Any] = {"condition": "alarm", "ratio": 1.8, "since": inputs().as_of - timedelta(hours=6)}
    return Health(**fields | changes)
