"""An outcome cannot be half said."""

import pytest

from central.capabilities.supply.inventory.card import CARD, example
from central.deciding.outcome import Outcome, Reason


def test_an_outcome_needs_a_reason() -> None:
    """Nothing is concluded without saying why."""
    with pytest.raises(ValueError, match="needs a reason"):
        Outcome.nothing()


def test_only_a_proposal_proposes() -> None:
    """An undecided outcome cannot carry an order."""
    proposal = CARD.decide(*example()).proposal
    with pytest.raises(ValueError, match="'proposed' only"):
        Outcome("undecided", (Reason("no_position"),), proposal)


def test_a_reason_is_its_code_and_its_values() -> None:
    """Equal when both are."""
    assert Reason("below", point=3) == Reason("below", point=3)
    assert Reason("below", point=3) != Reason("below", point=4)
