"""What is true of every capability in the house is checked on every one that is found."""

import datetime as clock
import json
import os
import string
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any, NoReturn

import pytest
from cronsim import CronSim
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ValidationError

from central.deciding import wording
from central.deciding.capability import OWN, Capability
from central.deciding.outcome import Inputs, Outcome, Violation
from central.deciding.registry import FOLDER, discover
from central.store.decisions import Decision
from central.translations.catalogue import LOCALES, translations, translator

every_capability = pytest.mark.parametrize("card", discover(), ids=lambda card: card.name)
BENCHMARKS = FOLDER.parents[1] / "benchmarks"
ABSURD_NUMBERS = (0, -1, 1e-300, 1e18, -1e18)


class StoppedClock(clock.datetime):
    """A datetime that does not know what time it is."""

    @classmethod
    def now(cls, tz: clock.tzinfo | None = None) -> NoReturn:
        raise AssertionError("a model asked for the time: take it from its inputs")

    utcnow = today = now


@pytest.fixture(autouse=True)
def _exempt(request: pytest.FixtureRequest, card: Capability) -> None:
    """A rule that cannot hold is named on the card, with the reason."""
    rule = request.node.originalname.removeprefix("test_")
    if reason := card.exempt.get(rule):
        pytest.skip(f"{card.name}: {reason}")


@pytest.fixture
def no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock and chance are out of reach."""

    def refused(*_args: object) -> NoReturn:
        raise AssertionError("a model reached for the clock or for chance: take them from its inputs")

    for owner, names in ((os, ("urandom",)), (time, ("time", "time_ns", "monotonic", "perf_counter", "sleep"))):
        for name in names:
            monkeypatch.setattr(owner, name, refused)
    for name, module in list(sys.modules.items()):
        if name.startswith("central.capabilities.") and getattr(module, "datetime", None) is clock.datetime:
            monkeypatch.setattr(module, "datetime", StoppedClock)


def said(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """Every code in an outcome, with its values."""
    return {reason.code: dict(reason.values) for reason in (*outcome.reasons, *outcome.would_change)}


def placeholders(text: str) -> set[str]:
    """The values that a sentence holds."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def texts(card: Capability) -> list[str]:
    """Every sentence of a card."""
    return [card.title, card.subject, card.summary, *card.reasons.values(), *card.causes.values()]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every place in a JSON value."""
    yield path, value
    inside = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, below in inside:
        yield from places(below, (*path, key))


def absurd(value: Any) -> list[Any]:
    """What might stand in the place of a JSON value on a bad day."""
    if isinstance(value, bool) or value is None:
        return [None]
    if isinstance(value, (int, float)):
        return [*ABSURD_NUMBERS, None]
    if isinstance(value, str):
        return ["", "x" * 10_000, "{0.__class__}", "1970-01-01T00:00:00Z", None]
    if isinstance(value, list):
        return [[], value[:1], value * 50, None, *([number] * len(value) for number in ABSURD_NUMBERS)]
    return [{}, None]


def replaced(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of a JSON value with another one at a place."""
    if not path:
        return value
    copy = whole.copy()
    copy[path[0]] = replaced(whole[path[0]], path[1:], value)
    return copy


def emptied(inputs: Inputs) -> Inputs:
    """The inputs with every list empty and everything missing that they allow to be."""
    whole = inputs.model_dump(mode="json")
    for name, value in whole.items():
        nothings: tuple[Any, ...] = ([], None) if isinstance(value, (list, dict)) else ()
        for nothing in nothings:
            with suppress(ValidationError):
                type(inputs).model_validate(whole | {name: nothing})
                whole[name] = nothing
    return type(inputs).model_validate(whole)


def checked_variants(card: Capability, inputs: Inputs, params: BaseModel) -> Iterator[Sequence[Violation]]:
    """What the checker says of the example's proposal with each adjustable field out of place, where that is one at all."""
    proposal = card.decide(inputs, params).proposal
    assert proposal is not None
    assert card.check is not None
    written = proposal.model_dump(mode="json")
    for name in card.adjustable:
        for bad in absurd(written[name]):
            with suppress(ValidationError):
                yield card.check(inputs, card.proposal.model_validate(written | {name: bad}), params)


@every_capability
@pytest.mark.usefixtures("no_clock")
def test_the_same_inputs_give_the_same_outcome_without_a_look_at_the_world(
    card: Capability, no_io: Callable[[], AbstractContextManager[None]]
) -> None:
    """Deciding is a pure function: no socket, no file, no clock, no chance."""
    inputs, params = card.example()
    with no_io():
        one, other = card.decide(inputs, params), card.decide(inputs, params)
    assert one == other


@every_capability
def test_the_example_is_a_proposal_with_causes(card: Capability) -> None:
    """The example shows what the capability is for, and rests on facts."""
    inputs, params = card.example()
    assert card.decide(inputs, params).state == "proposed"
    assert inputs.causes
    assert {cause.kind for cause in inputs.causes} <= set(card.causes)


@every_capability
def test_absurd_inputs_give_an_answer_or_are_refused_when_made(card: Capability) -> None:
    """Empty, tiny, huge, negative, missing: never a crash, and only codes and values that the card can word."""
    inputs, params = card.example()
    whole = inputs.model_dump(mode="json")
    decided = 0
    for path, value in places(whole):
        for bad in absurd(value):
            try:
                variant = type(inputs).model_validate(replaced(whole, path, bad))
            except ValidationError:
                continue
            outcome = card.decide(variant, params)
            decided += 1
            assert set(said(outcome)) <= set(card.reasons), f"{path} = {bad!r:.40}"
            json.dumps(said(outcome), allow_nan=False)
    assert decided > 0


@every_capability
def test_nothing_known_is_undecided(card: Capability) -> None:
    """Without any evidence the answer is that there is none."""
    inputs, params = card.example()
    assert card.decide(emptied(inputs), params).state == "undecided"


@every_capability
def test_every_value_that_is_worded_has_a_unit(card: Capability) -> None:
    """What a sentence holds is declared on the card with a unit that wording knows."""
    assert set(card.units.values()) <= set(wording.UNITS)
    held = set().union(*(placeholders(text) for text in texts(card)))
    assert held <= set(card.units)
    inputs, params = card.example()
    outcome = card.decide(inputs, params)
    for code, values in said(outcome).items():
        assert placeholders(card.reasons[code]) <= set(values), code
    if outcome.interval:
        assert outcome.interval.name in card.units


@every_capability
@pytest.mark.parametrize("locale", LOCALES)
def test_every_sentence_is_worded_in_every_language(card: Capability, locale: str) -> None:
    """Each text of the card has a translation that holds the same values."""
    translate = translator(locale)
    for text in texts(card):
        if locale != "en":
            assert text in translations(locale)._catalog, f"{text!r} lacks {locale}"
        assert placeholders(translate(text)) == placeholders(text), text


@every_capability
def test_a_proposal_survives_json(card: Capability) -> None:
    """What was stored can be read back as what was proposed, and so can what it was decided on."""
    inputs, params = card.example()
    proposal = card.decide(inputs, params).proposal
    assert proposal is not None
    assert card.proposal.model_validate_json(proposal.model_dump_json()) == proposal
    again = type(inputs).model_validate_json(inputs.model_dump_json())
    assert card.decide(again, card.params.model_validate_json(params.model_dump_json())).proposal == proposal
    assert card.adjustable <= set(card.proposal.model_fields)


@every_capability
def test_every_parameter_says_what_it_is_and_has_a_default(card: Capability) -> None:
    """A house that changes nothing runs; a planner who wants to change something can read what it does."""
    card.params()
    assert all(field.description for field in card.params.model_fields.values())


@every_capability
@pytest.mark.parametrize("locale", LOCALES)
def test_every_parameter_is_worded_in_every_language(card: Capability, locale: str) -> None:
    """Its description is the label on the page where planners change it."""
    words = [str(field.description) for field in card.params.model_fields.values()]
    assert locale == "en" or [text for text in words if text not in translations(locale)._catalog] == []


@every_capability
def test_the_baseline_it_must_beat_is_named(card: Capability) -> None:
    """What somebody would do without it."""
    assert card.baseline


@every_capability
def test_its_benchmark_exists(card: Capability) -> None:
    """How good it is can be asked with one command: the card names a file in `benchmarks/`."""
    assert card.benchmark
    assert (BENCHMARKS / f"{card.benchmark}.py").is_file()


@every_capability
def test_a_plan_is_checked_by_somebody_else_than_its_maker(card: Capability) -> None:
    """Heavy planners have a checker of another module; it passes the example and sees through a proposal that is wrong."""
    assert card.heavy is None or card.check is not None
    if card.check is None:
        return
    inputs, params = card.example()
    proposal = card.decide(inputs, params).proposal
    assert proposal is not None
    assert card.check.__module__ != card.decide.__module__
    assert list(card.check(inputs, proposal, params)) == []
    wrong = list(checked_variants(card, inputs, params))
    assert any(wrong), "whatever is changed in the proposal, the checker finds nothing"
    for broken in (each for found in wrong for each in found):
        assert {broken.constraint.code, broken.remedy.code} <= set(card.reasons)
        for reason in (broken.constraint, broken.remedy):
            assert placeholders(card.reasons[reason.code]) <= set(reason.values)


@every_capability
def test_what_people_fix_or_limit_is_in_the_proposal(card: Capability) -> None:
    """Fields that a model respects and the quantity of an autopilot are fields of the proposal; a challenger has a name."""
    assert card.respects <= set(card.proposal.model_fields)
    assert card.quantity is None or card.quantity in card.proposal.model_fields
    assert card.challenger is None or card.challenger.name not in {"", OWN}


@every_capability
def test_a_challenger_keeps_the_rules_of_its_champion(card: Capability) -> None:
    """It decides the example and nothing-known without a crash, in words that the card has."""
    if card.challenger is None:
        return
    inputs, params = card.example()
    for given in (inputs, emptied(inputs)):
        outcome = card.challenger.decide(given, params)
        assert set(said(outcome)) <= set(card.reasons)


@every_capability
def test_what_a_card_is_exempt_from_is_a_rule_and_has_a_reason(card: Capability) -> None:
    """An exemption from nothing, or without a reason, is a mistake."""
    assert all(f"test_{rule}" in globals() and reason for rule, reason in card.exempt.items())


@every_capability
def test_the_schedule_is_a_cron_text(card: Capability) -> None:
    """Where there is one."""
    assert card.schedule is None or next(CronSim(card.schedule, clock.datetime(2026, 11, 24, tzinfo=clock.UTC)))


@every_capability
@pytest.mark.parametrize("locale", LOCALES)
def test_the_panel_draws_the_proposal(card: Capability, locale: str) -> None:
    """In each language, without a name that is not given to it."""
    inputs, params = card.example()
    outcome = card.decide(inputs, params)
    assert outcome.proposal is not None
    proposal = outcome.proposal.model_dump(mode="json")
    decision = Decision(
        id="1", site="s1", capability=card.name, subject="x", state="proposed", decided_at=inputs.as_of,
        proposal=proposal, reasons=[],
    )  # fmt: skip
    drawing = Environment(loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, autoescape=True)
    drawing.globals["_"] = translator(locale)
    words = drawing.get_template(card.panel).render(
        card=card, decision=decision, word=lambda name, value: wording.formatted(value, card.units[name], locale)
    )
    assert words.strip().startswith("<")
