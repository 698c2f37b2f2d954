"""Forms from the schemas that our tasks announce, and back."""

from typing import Any

import msgspec
import pytest

from central.console.setting_words import SETTING_WORDS
from central.console.setup.settings_form import Field, fields, read
from central.fleet.settings_schema import faults, resolved
from edge_agent.registry import task_card, task_kinds


def announced(kind: str) -> dict[str, Any]:
    """The settings schema of a task as it comes over the wire."""
    schema: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(task_card(kind).settings)))
    return schema


DEFECTS = announced("defects")


def by_name(schema: dict[str, Any], settings: dict[str, Any]) -> dict[str, Field]:
    """The fields by their name."""
    return {field.name: field for field in fields(schema, settings)}


def filled_in(schema: dict[str, Any], settings: dict[str, Any], **typed: str) -> dict[str, str]:
    """What a browser sends of the form when a person changes some fields."""
    shown = {field.name: field.text for field in fields(schema, settings) if field.control != "tick" or field.is_ticked}
    return shown | typed


def test_each_sort_of_setting_has_its_field() -> None:
    """Numbers with range and unit, choices, texts that may be empty, and JSON for what has parts."""
    found = by_name(DEFECTS, {"threshold": 2.5})
    assert (found["threshold"].control, found["threshold"].text, found["threshold"].most) == ("number", "2.5", 100)
    assert (found["gate"].control, found["gate"].choices) == ("choice", ("every_frame", "motion"))
    assert (found["lot"].control, found["lot"].may_be_empty, found["lot"].longest) == ("text", True, 64)
    assert (found["roi"].control, found["roi"].text) == ("json", "[0.0, 0.0, 1.0, 1.0]")
    counting = by_name(announced("shelf_count"), {})
    assert (counting["interval_s"].unit, counting["frames"].step, counting["frames"].own) == ("s", "1", "5")


@pytest.mark.parametrize("kind", task_kinds())
def test_a_form_that_is_sent_back_as_it_was_changes_nothing(kind: str) -> None:
    """And what it says fits the schema."""
    schema = announced(kind)
    settings = msgspec.json.decode(msgspec.json.encode(task_card(kind).example().settings))
    found = read(schema, settings, filled_in(schema, settings))
    assert (found.settings, found.unreadable, faults(found.settings, schema)) == (settings, (), [])


def test_only_what_differs_is_wanted() -> None:
    """Defaults may move with a new program; a field that was emptied is nothing."""
    found = read(DEFECTS, {"lot": "7731"}, filled_in(DEFECTS, {"lot": "7731"}, threshold="2", lot=" "))
    assert found.settings == {"threshold": 2.0, "lot": None}


@pytest.mark.parametrize(("name", "text"), [("threshold", "high"), ("threshold", ""), ("roi", "[0,")])
def test_what_cannot_be_read_is_named(name: str, text: str) -> None:
    """The others are read all the same."""
    found = read(DEFECTS, {}, filled_in(DEFECTS, {}, **{name: text, "line": "belt-9"}))
    assert (found.unreadable, found.settings) == ((name,), {"line": "belt-9"})


def test_a_tick_is_true_or_false() -> None:
    """A browser sends nothing for a box without a tick."""
    schema = {"type": "object", "properties": {"on": {"type": "boolean", "default": True}}}
    assert by_name(schema, {})["on"].is_ticked
    assert read(schema, {}, {}).settings == {"on": False}
    assert read(schema, {"on": False}, {"on": "on"}).settings == {"on": True}


@pytest.mark.parametrize("schema", [{}, {"properties": {"x": 5, "y": {}}}, {"$ref": "#/$defs/X"}])
def test_an_odd_schema_still_makes_a_page(schema: dict[str, Any]) -> None:
    """A device of another maker announces what it likes."""
    assert all(field.control == "json" for field in fields(schema, {}))


def test_readers_have_words_for_all_settings_of_our_tasks() -> None:
    """Each title and description stands in the catalogue."""
    for kind in task_kinds():
        schema = announced(kind)
        for part in resolved(schema, schema)["properties"].values():
            assert {part.get("title"), part.get("description")} - {None} <= set(SETTING_WORDS), kind
