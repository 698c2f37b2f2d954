"""When a forecast is told: when plans would change by it."""

from central.capabilities.supply.forecasting.card import example
from central.capabilities.supply.forecasting.model import decide

INPUTS, PARAMS = example()


def test_a_forecast_as_planned_asks_nobody() -> None:
    """Seven a day for four weeks is what the example expects."""
    same = INPUTS.model_copy(update={"planned": 202.7 / 28})
    outcome = decide(same, PARAMS)
    assert (outcome.state, outcome.reasons[0].code) == ("nothing", "as_planned")


def test_one_far_from_what_was_agreed_is_told_with_both_numbers() -> None:
    """A person let five a day pass; seven are expected."""
    outcome = decide(INPUTS.model_copy(update={"is_agreed": True}), PARAMS)
    assert outcome.state == "proposed"
    assert outcome.reasons[0].code == "differs_from_agreed"
    assert outcome.reasons[0].values == {"units": 202.7, "planned": 142.8, "horizon_d": 28}


def test_the_parts_that_are_told_add_up_to_the_forecast() -> None:
    """Level, trend and season, promotions."""
    reasons = decide(INPUTS, PARAMS).reasons
    told = [reason.values["units"] for reason in reasons if reason.code == "base" or reason.code.startswith("part_")]
    assert round(sum(float(str(each)) for each in told), 1) == 202.7


def test_little_history_and_no_night_yet_are_different_answers() -> None:
    """One needs sales, the other only patience."""
    waiting = INPUTS.model_copy(update={"expected": None})
    assert decide(waiting, PARAMS).reasons[0].code == "not_made_yet"
    assert decide(waiting.model_copy(update={"days_known": 3}), PARAMS).reasons[0].code == "little_history"
