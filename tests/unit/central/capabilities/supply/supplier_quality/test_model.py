"""How closely to look follows from how sure we are, and every plan keeps its risks."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.capabilities.supply.supplier_quality.card import example
from central.capabilities.supply.supplier_quality.checker import chance_to_pass, check
from central.capabilities.supply.supplier_quality.model import Inputs, Inspection, Lot, Params, Severity, decide, inspection
from central.methods.acceptance import accepted

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OTHERS = (Lot(lot="hilltop", bad=10, looked_at=1000), Lot(lot="meadow", bad=9, looked_at=1000))


def found(bad: int, looked_at: int, severity: Severity = "normal", lately: tuple[int, int] = (0, 0)) -> Inputs:
    """What cameras saw of one supplier."""
    return Inputs(
        as_of=NOW,
        supplier="lakeside",
        label={"en": "Lakeside"},
        earlier=Lot(lot="earlier", bad=bad, looked_at=looked_at),
        lately=Lot(lot="lately", bad=lately[0], looked_at=lately[1]),
        lots=(),
        others=OTHERS,
        lot_units=300,
        severity=severity,
    )


@pytest.mark.parametrize(
    ("bad", "looked_at", "severity"),
    [(0, 3000, "reduced"), (20, 2000, None), (100, 3000, "tightened"), (900, 3000, "refuse")],
)
def test_the_share_of_bad_parts_sets_how_closely_to_look(bad: int, looked_at: int, severity: Severity | None) -> None:
    """None: as usual, nothing to change."""
    outcome = decide(found(bad, looked_at), Params())
    assert (outcome.proposal.severity if outcome.proposal else None) == severity
    assert outcome.reasons[0].code == (severity or "normal")


def test_what_was_agreed_on_stands_until_it_no_longer_fits() -> None:
    """A tightened supplier that is still bad changes nothing; one that got well goes back."""
    assert decide(found(100, 3000, "tightened"), Params()).state == "nothing"
    back = decide(found(20, 2000, "tightened"), Params()).proposal
    assert back is not None
    assert back.severity == "normal"


def test_a_rise_of_late_is_named() -> None:
    """From one per cent to ten."""
    outcome = decide(found(10, 1000, lately=(20, 200)), Params())
    assert "getting_worse" in {reason.code for reason in outcome.reasons}


def test_too_few_parts_say_so() -> None:
    """Forty-nine of fifty."""
    outcome = decide(found(3, 49), Params())
    assert outcome.state == "undecided"
    assert outcome.reasons[0].values == {"looked_at": 49, "least": 50}


@given(st.integers(1, 5000), st.sampled_from(["reduced", "normal", "tightened", "refuse"]))
def test_the_checker_passes_every_plan_that_is_made(lot: int, severity: Severity) -> None:
    """By its own reckoning, whatever the delivery."""
    inputs = found(1, 100).model_copy(update={"lot_units": lot})
    plan = inspection(inputs, Params(), severity)
    assert check(inputs, plan, Params()) == [] or (lot == 1 and plan.accept == 0)


def test_the_checker_counts_as_the_library_does() -> None:
    """Two ways to the same chance."""
    plan = Inspection(supplier="lakeside", severity="normal", lot_units=400, sample=60, accept=1)
    assert chance_to_pass(plan, 0.06) == pytest.approx(accepted(400, 24, 60, 1))


@pytest.mark.parametrize(
    ("sample", "accept", "broken"),
    [(500, 0, "sample_beyond_lot"), (20, 20, "accepts_anything"), (5, 1, "bad_lot_passes")],
)
def test_a_plan_of_a_persons_that_lets_bad_lots_pass_is_refused(sample: int, accept: int, broken: str) -> None:
    """The checker names the constraint and the remedy."""
    inputs, params = example()
    plan = Inspection(supplier="lakeside", severity="tightened", lot_units=240, sample=sample, accept=accept)
    (violation,) = check(inputs, plan, params)
    assert (violation.constraint.code, violation.remedy.code) == (broken, "look_at_more")
