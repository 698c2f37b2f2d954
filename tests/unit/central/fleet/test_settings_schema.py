"""The checker agrees with msgspec on what fits, for the schemas that our tasks announce."""

import json
from string import Formatter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.fleet.setting_faults import WORDS, SettingFault
from central.fleet.settings_schema import faults
from central.translations.catalogue import LOCALES, translator
from edge_agent.registry import task_card, task_kinds

REGION = {"location": "b-04", "sku": "oat"}
NUMBERS: list[Any] = [None, True, 0, -1, 1.5, 3.0, 1e9]
TEXTS: list[Any] = ["", "x", "B 04", "b-04", "motion", "x" * 70]
BOXES: list[Any] = [[], [0, 0, 1, 1], [2, 0, 1, 1], {}]
REGIONS: list[Any] = [[REGION], [{**REGION, "depth": 0}], [{**REGION, "capacity": None}], [{"sku": "x"}]]
ODD: st.SearchStrategy[Any] = st.sampled_from([*NUMBERS, *TEXTS, *BOXES, *REGIONS])


def settings_of(kind: str) -> Any:
    """The settings model of a task."""
    return task_card(kind).settings


@pytest.mark.parametrize("kind", task_kinds())
@given(st.data())
def test_what_fits_the_model_fits_its_schema_and_nothing_else(kind: str, data: st.DataObject) -> None:
    """Any one setting, of any sort, is judged as the device would judge it."""
    name = data.draw(st.sampled_from([*settings_of(kind).__struct_fields__, "unknown"]))
    value = {name: data.draw(ODD)}
    try:
        msgspec.convert(value, settings_of(kind))
        is_right = True
    except msgspec.ValidationError:
        is_right = False
    assert (not faults(value, msgspec.json.schema(settings_of(kind)))) == is_right


@pytest.mark.parametrize(
    ("value", "pointer", "words"),
    [
        ({"frames": 0}, "/frames", "at least 1"),
        ({"frames": 2.5}, "/frames", "whole number"),
        ({"frames": float("nan")}, "/frames", "whole number"),
        ({"interval_s": float("inf")}, "/interval_s", "not endless"),
        ({"regions": [{"location": "b-4", "sku": "x", "roi": [0, 0, 1]}]}, "/regions/0/roi", "at least 4 entries"),
        ({"interval_s": 0}, "/interval_s", "above 0"),
        ({"regions": [{"location": "b 4", "sku": "x"}]}, "/regions/0/location", "a-z"),
        ({"regions": [{"location": "b-4"}]}, "/regions/0/sku", "missing"),
        ({"location": 4}, "/location", "must be"),
        ({"colour": "red"}, "/colour", "unknown"),
    ],
)
def test_a_fault_names_its_place(value: dict[str, Any], pointer: str, words: str) -> None:
    """A JSON pointer into the settings, and what is wrong."""
    (fault,) = faults(value, msgspec.json.schema(settings_of("shelf_count")))
    assert fault.pointer == pointer
    assert words in fault.worded()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", WORDS)
def test_each_fault_has_its_sentence_with_its_values(code: str, locale: str) -> None:
    """In both languages, with nothing left open."""
    values = {name: name.upper() for _, name, _, _ in Formatter().parse(WORDS[code]) if name}
    said = SettingFault("/frames", code, values).worded(translator(locale))
    assert all(value in said for value in values.values())
    assert "{" not in said


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}},
        {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", "properties": {"frames": {"$ref": "#/$defs/A"}}}}},
        {"type": "object", "properties": {"frames": {"minimum": "x", "anyOf": 7, "pattern": "(a+)+$"}}},
        {"type": "object", "properties": {"frames": {"minimum": "x"}}},
        {"properties": 5, "type": 5, "required": 5},
    ],
    ids=json.dumps,
)
def test_a_schema_from_a_hostile_device_does_no_harm(schema: dict[str, Any]) -> None:
    """It recurses, or is none: the answer comes, whatever it says."""
    assert isinstance(faults({"frames": 3}, schema), list)
