"""When a line's parts are held: by costs, with reasons, and not at all where nothing can be known."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.capabilities.production.quality import hours
from central.capabilities.production.quality.card import example
from central.capabilities.production.quality.hours import Channel, Minutes, Seen
from central.capabilities.production.quality.model import Inputs, Params, decide, hold_from
from central.deciding.outcome import Outcome

SIX = datetime(2026, 11, 24, 6, tzinfo=UTC)


def rated(probability: float) -> Inputs:
    """The example with another chance of failing."""
    inputs, _ = example()
    assert inputs.risk is not None
    return inputs.model_copy(update={"risk": inputs.risk.model_copy(update={"probability": probability})})


def codes(outcome: Outcome) -> list[str]:
    """Of its reasons."""
    return [reason.code for reason in outcome.reasons]


def test_parts_are_held_from_the_chance_on_at_which_that_is_the_cheaper() -> None:
    """90 to hold an hour against 0.9 × 60 × 2.6 at stake."""
    limit = hold_from(Params(), 2.6)
    assert limit is not None
    assert limit == pytest.approx(90 / (60 * 2.6 * 0.9), abs=1e-4)
    assert decide(rated(limit + 0.001), Params()).state == "proposed"
    assert decide(rated(limit - 0.001), Params()).state == "nothing"


@given(st.floats(0, 1), st.floats(1, 1e4), st.floats(1, 1e4))
def test_dearer_bad_parts_never_release_what_was_held(chance: float, cost: float, more: float) -> None:
    """Raising what a bad part costs lowers the limit or leaves it."""
    cheap, dear = Params(bad_part_cost=cost), Params(bad_part_cost=cost + more)
    if decide(rated(chance), cheap).state == "proposed":
        assert decide(rated(chance), dear).state == "proposed"


def test_where_holding_costs_more_than_all_it_can_save_it_is_never_proposed() -> None:
    """Even when a failure is certain; and the reason says so."""
    outcome = decide(rated(1.0), Params(bad_part_cost=1.0))
    assert outcome.state == "nothing"
    assert codes(outcome)[0] == "holding_never_pays"


def test_reasons_name_the_heaviest_features_and_that_something_drifted() -> None:
    """The oil first; a silent sensor is named as silent."""
    outcome = decide(*example())
    assert codes(outcome)[:5] == ["likely_to_fail", "raises_risk", "raises_risk", "lowers_risk_by_silence", "lowers_risk"]
    assert outcome.reasons[1].values["feature"] == "press-1/oil_temperature mean"
    assert "drifted" in codes(outcome)


def test_far_outside_what_was_learned_nothing_is_claimed() -> None:
    """Half of the features beyond all that was seen."""
    inputs, params = example()
    assert inputs.risk is not None
    strange = [one.model_copy(update={"is_outside": place < 2}) for place, one in enumerate(inputs.risk.features)]
    risk = inputs.risk.model_copy(update={"features": tuple(strange)})
    assert codes(decide(inputs.model_copy(update={"risk": risk}), params)) == ["unlike_anything_learned"]


def test_enough_history_without_a_model_waits_to_be_learned() -> None:
    """Another word than for too little of it."""
    inputs, params = example()
    unlearned = inputs.model_copy(update={"fitted": None, "risk": None})
    assert codes(decide(unlearned, params)) == ["not_learned_yet"]
    assert codes(decide(unlearned.model_copy(update={"failing_hours": 3}), params)) == ["not_enough_history"]


def test_an_hour_is_told_by_its_machines_and_cameras_and_labelled_by_the_next() -> None:
    """A gap in the hours or a line that stood still labels nothing."""
    at = [SIX + timedelta(hours=number) for number in range(5)]
    spoke = [Channel(hour, "press-1", "oil", 50.0 + place, None) for place, hour in enumerate(at) if place != 3]
    ran = [Minutes(hour, "press-1", 60.0 if hour != at[0] else 0.0, 0.5) for hour in at if hour != at[3]]
    seen = [Seen(at[2] + timedelta(minutes=40), True, 2.0), Seen(at[1] + timedelta(minutes=1), False, 1.1)]
    whole = hours.table(spoke, ran, seen, SIX)
    rows, failed = hours.followed(whole)
    assert (rows.tolist(), failed.tolist()) == ([1], [1])
    assert hours.aligned(whole, ["parts in doubt"])[:, 0].tolist() == [0, 1, 0, 0]
    assert np.isnan(hours.aligned(whole, ["gone"])).all()
    assert "press-1/oil highest" not in whole.names
