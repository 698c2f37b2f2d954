"""The console has a word for whatever the centre may say in codes."""

from typing import get_args

from central.console.vocabulary import WORDS
from central.errors import QuarantineReason


def test_every_reason_of_the_quarantine_has_a_word() -> None:
    """A code without one would be shown as it is, in English, to everybody."""
    assert set(WORDS["quarantine"]) == set(get_args(QuarantineReason))
