"""Sentences in the reader's language, values by their units."""

from datetime import timedelta, timezone

import pytest

from central.capabilities.supply.inventory.card import CARD
from central.deciding import wording
from central.deciding.outcome import Cause, Reason, Value
from central.translations.catalogue import translator

LAKESIDE: Value = {"en": "Lakeside", "zh_Hans": "湖畔"}


@pytest.mark.parametrize(
    ("value", "unit", "locale", "text"),
    [
        (1234.56, "units", "en", "1,234.6"),
        (0.97, "percent", "zh_Hans", "97%"),
        (62.5, "money", "en", "€62.50"),
        (LAKESIDE, "label", "zh_Hans", "湖畔"),
        ("2026-11-24T06:29:00+00:00", "instant", "en", "24 Nov 14:29"),
        ("2026-11-24", "day", "zh_Hans", "2026年11月24日"),
        (None, "units", "en", "–"),
    ],
)
def test_a_value_is_written_by_its_unit_and_language(value: Value, unit: str, locale: str, text: str) -> None:
    """Numbers, shares, money, names, moments in the reader's zone, days."""
    zone = timezone(timedelta(hours=8))
    assert wording.formatted(value, unit, locale, currency="EUR", zone=zone) == text


def test_a_reason_becomes_a_sentence_in_each_language() -> None:
    """The same reason, twice."""
    reason = Reason("below_reorder_point", available=3, point=21)
    english = wording.sentence(CARD, reason, translator("en"), "en")
    chinese = wording.sentence(CARD, reason, translator("zh_Hans"), "zh_Hans")
    assert english == "3 available, below the reorder point of 21"
    assert chinese == "可用 3，低于再订货点 21"


def test_a_code_that_the_card_dropped_is_shown_as_it_is() -> None:
    """An old decision stays readable after an upgrade."""
    assert wording.sentence(CARD, Reason("of_last_year"), translator("en"), "en") == "of_last_year"


@pytest.mark.parametrize("unit", sorted(wording.UNITS))
@pytest.mark.parametrize("value", ["about three", {"en": "three"}, True, float("inf"), float("nan"), -1])
def test_a_value_that_its_unit_cannot_write_is_shown_as_it_is(value: Value, unit: str) -> None:
    """No decision of last year keeps its verdict from being announced."""
    assert wording.formatted(value, unit, "en", currency="EUR")


def test_a_value_that_an_old_decision_did_not_keep_is_a_dash() -> None:
    """The sentence still stands."""
    text = wording.sentence(CARD, Reason("below_reorder_point", available=3), translator("en"), "en")
    assert text == "3 available, below the reorder point of –"


def test_a_cause_without_a_sentence_is_shown_by_its_reference() -> None:
    """Nothing is hidden for want of words."""
    assert wording.cause_sentence(CARD, Cause("event", "x/1"), translator("en"), "en") == "x/1"


def test_braces_in_a_name_are_only_characters() -> None:
    """What a house calls a shelf is never a format of ours."""
    cause = Cause("book", "r", values={"book": 3, "location": "{book.__class__}"})
    assert wording.cause_sentence(CARD, cause, translator("en"), "en") == "The book says 3 at {book.__class__}"
