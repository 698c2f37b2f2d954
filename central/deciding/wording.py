"""Reason and language → sentence, the same for console, API and export.

Each value is formatted by the unit that the card declares for it, in the reader's language.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType

from babel import Locale, dates, numbers

from central.deciding.capability import N_, Capability
from central.deciding.outcome import Cause, Reason, Value, Violation

Translate = Callable[[str], str]
MODEL_FAILED = "model_failed"
PLAN_REFUSED = "plan_refused"
LOCK_COSTS, LOCK_SAVES, LOCK_UNPRICED, LOCK_NOT_KEPT = "lock_costs", "lock_saves", "lock_unpriced", "lock_not_kept"

# What the spine itself says of any capability.
SPINE_REASONS: Mapping[str, str] = MappingProxyType(
    {
        MODEL_FAILED: N_("The calculation failed ({error}); the last good decision stands"),
        PLAN_REFUSED: N_("The proposal breaks {broken} constraints and was refused; the last good decision stands:"),
        LOCK_COSTS: N_("A person fixed {fixed}: that costs {price} more than the proposal without it"),
        LOCK_SAVES: N_("A person fixed {fixed}: that costs {price} less than the proposal without it"),
        LOCK_UNPRICED: N_("A person fixed {fixed}: what that costs is not known"),
        LOCK_NOT_KEPT: N_("A person fixed {fixed}: no proposal can keep that, so this one does not"),
    }
)
SPINE_CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "params": N_("Settings, version {version}"),
        "lock": N_("Fixed by {person} until {until}: {fixed}"),
    }
)
SPINE_UNITS: Mapping[str, str] = MappingProxyType({"price": "money", "until": "instant", "broken": "number"})


def sentence(card: Capability, reason: Reason, translate: Translate, locale: str, zone: tzinfo = UTC) -> str:
    """The reason in words. A code that the card no longer knows is shown as it is."""
    text = card.reasons.get(reason.code) or SPINE_REASONS.get(reason.code)
    return reason.code if text is None else _filled(translate(text), card, reason.values, locale, zone)


def violations(card: Capability, broken: Iterable[Violation], translate: Translate, locale: str) -> list[str]:
    """Each constraint that a proposal breaks, with what would keep it."""
    both = [(each.constraint, each.remedy) for each in broken]
    return [": ".join(sentence(card, reason, translate, locale) for reason in pair) for pair in both]


def cause_sentence(card: Capability, cause: Cause, translate: Translate, locale: str, zone: tzinfo = UTC) -> str:
    """A cause in words; one without a sentence of its own is shown by its reference."""
    text = card.causes.get(cause.kind) or SPINE_CAUSES.get(cause.kind)
    return cause.reference if text is None else _filled(translate(text), card, cause.values, locale, zone)


def summary(card: Capability, proposal: Mapping[str, Value], translate: Translate, locale: str, zone: tzinfo = UTC) -> str:
    """The proposal in one line."""
    return _filled(translate(card.summary), card, proposal, locale, zone)


def formatted(value: Value, unit: str, locale: str, *, currency: str = "", zone: tzinfo = UTC) -> str:
    """`value` as a reader of `locale` writes it. Units: those of `UNITS`; a missing value is a dash.

    What its unit cannot write is shown as it is: a decision of last year may hold what a card of today calls otherwise, and
    must not keep a verdict on it from being announced.
    """
    if value is None:
        return "–"
    try:
        return UNITS[unit](value, Locale.parse(locale), currency, zone)
    except (ValueError, TypeError, ArithmeticError):
        return str(value)


def _filled(text: str, card: Capability, values: Mapping[str, Value], locale: str, zone: tzinfo) -> str:
    currency = str(values.get("currency", ""))
    words = {
        name: formatted(value, card.units.get(name) or SPINE_UNITS.get(name, "text"), locale, currency=currency, zone=zone)
        for name, value in values.items()
    }
    return text.format_map(_Lenient(words))


class _Lenient(dict[str, str]):
    """A sentence of today may name a value that a decision of last year did not keep."""

    def __missing__(self, name: str) -> str:
        return "–"


def _number(value: Value, locale: Locale, _currency: str, _zone: tzinfo) -> str:
    return numbers.format_decimal(round(float(str(value)), 1), locale=locale)


def _percent(value: Value, locale: Locale, _currency: str, _zone: tzinfo) -> str:
    return numbers.format_percent(float(str(value)), format="#,##0.#%", locale=locale)


def _money(value: Value, locale: Locale, currency: str, _zone: tzinfo) -> str:
    return numbers.format_currency(float(str(value)), currency, locale=locale)


def _instant(value: Value, locale: Locale, _currency: str, zone: tzinfo) -> str:
    return dates.format_datetime(datetime.fromisoformat(str(value)), "d MMM HH:mm", tzinfo=zone, locale=locale)


def _day(value: Value, locale: Locale, _currency: str, _zone: tzinfo) -> str:
    return dates.format_date(datetime.fromisoformat(str(value)), "medium", locale=locale)


def _label(value: Value, locale: Locale, _currency: str, _zone: tzinfo) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    return value.get(str(locale)) or value.get("en") or next(iter(value.values()), "–")


def _text(value: Value, _locale: Locale, _currency: str, _zone: tzinfo) -> str:
    return str(value)


# Money takes its currency from the value `currency` beside it; a label is a text in each language.
UNITS: Mapping[str, Callable[[Value, Locale, str, tzinfo], str]] = MappingProxyType(
    {
        "number": _number,
        "units": _number,
        "days": _number,
        "hours": _number,
        "percent": _percent,
        "money": _money,
        "instant": _instant,
        "day": _day,
        "label": _label,
        "text": _text,
    }
)
