"""A form from the JSON Schema that a device announced, and its settings from what came back (pure).

Numbers, booleans, texts and choices have a field of their own; what has parts (a list of shelves, a region) is JSON text.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from central.fleet.settings_schema import Schema, resolved

Control = Literal["number", "tick", "choice", "text", "json"]
_UNIT = re.compile(r"\s*\(([^()]+)\)$")
_CONTROLS: Mapping[str, Control] = {"integer": "number", "number": "number", "boolean": "tick", "string": "text"}


@dataclass(frozen=True)
class Field:
    """One setting as it is asked for. `text`: what the field shows; `own`: the value it has when nobody sets it."""

    name: str
    title: str
    unit: str | None
    help: str | None
    control: Control
    text: str
    is_ticked: bool
    may_be_empty: bool
    own: str
    least: float | None = None
    most: float | None = None
    step: str = "any"
    longest: int | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Read:
    """What a form came back with: settings, and the names of fields whose text could not be read."""

    settings: dict[str, Any]
    unreadable: tuple[str, ...]


def fields(schema: Schema, settings: Mapping[str, Any]) -> list[Field]:
    """The fields of a task's settings, in the order of its schema."""
    properties = resolved(schema, schema).get("properties", {})
    return [_field(name, part, schema, settings) for name, part in properties.items() if isinstance(part, Mapping)]


def read(schema: Schema, settings: Mapping[str, Any], form: Mapping[str, str]) -> Read:
    """The whole settings after a form: what differs from the defaults, and what was set before."""
    wanted: dict[str, Any] = {}
    unreadable: list[str] = []
    properties = resolved(schema, schema).get("properties", {})
    for field in fields(schema, settings):
        try:
            value = _value(field, form)
        except (ValueError, RecursionError):  # a list in 1,000 lists
            unreadable.append(field.name)
            continue
        if value != properties[field.name].get("default") or field.name in settings:
            wanted[field.name] = value
    return Read(wanted, tuple(unreadable))


def _field(name: str, part: Schema, whole: Schema, settings: Mapping[str, Any]) -> Field:
    schema, may_be_empty = _of_value(part, whole)
    control = "choice" if "enum" in schema else _CONTROLS.get(str(schema.get("type")), "json")
    default = part.get("default")
    value = settings.get(name, default)
    title = str(part.get("title") or schema.get("title") or name)
    unit = _UNIT.search(title)
    return Field(
        name=name,
        title=title,
        unit=unit[1] if unit else None,
        help=part.get("description"),
        control=control,
        text=_text(value, control),
        is_ticked=value is True,
        may_be_empty=may_be_empty,
        own=_text(default, control),
        least=_number(schema, "minimum", "exclusiveMinimum"),
        most=_number(schema, "maximum", "exclusiveMaximum"),
        step="1" if schema.get("type") == "integer" else "any",
        longest=schema.get("maxLength"),
        choices=tuple(map(str, schema.get("enum", ()))),
    )


def _of_value(part: Schema, whole: Schema) -> tuple[Schema, bool]:
    """The schema of the value itself, and whether it may also be nothing."""
    options = [resolved(option, whole) for option in part.get("anyOf", ()) if isinstance(option, Mapping)]
    values = [option for option in options if option.get("type") != "null"]
    if len(values) == 1:
        return values[0], len(values) < len(options)
    return resolved(part, whole), False


def _number(schema: Schema, *names: str) -> float | None:
    return next((schema[name] for name in names if isinstance(schema.get(name), int | float)), None)


def _text(value: object, control: Control) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) and control != "json" else json.dumps(value, ensure_ascii=False)


def _value(field: Field, form: Mapping[str, str]) -> Any:
    """What was entered. Raises ValueError when it cannot be read."""
    text = form.get(field.name, "").strip()
    if field.control == "tick":
        return field.name in form
    if field.may_be_empty and not text:
        return None
    if field.control == "number":
        return int(text) if field.step == "1" else float(text)
    return json.loads(text) if field.control == "json" else text
