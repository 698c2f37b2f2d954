"""Settings held against the JSON Schema that a device announced for its task (pure).

Only the part of JSON Schema 2020-12 that msgspec emits is looked at; the device checks again, against the model itself.
A schema comes from outside: it cannot make this recurse for ever, and patterns that are not this house's are not run.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from math import isfinite
from operator import ge, gt, le, lt
from typing import Any

from central.fleet.setting_faults import SettingFault
from protocols.identity import NAME_PATTERN, SKU_PATTERN

Schema = Mapping[str, Any]
DEEPEST = 16
MOST_FAULTS = 20
_LIMITS: Sequence[tuple[str, Callable[[float, float], bool]]] = (
    ("minimum", ge),
    ("exclusiveMinimum", gt),
    ("maximum", le),
    ("exclusiveMaximum", lt),
)
_OURS = {pattern: re.compile(pattern) for pattern in (NAME_PATTERN, SKU_PATTERN)}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list, tuple),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


def faults(value: object, schema: Schema) -> list[SettingFault]:
    """What keeps `value` from fitting `schema`, in its order; at most twenty."""
    try:
        return list(islice(_faults(value, schema, schema.get("$defs", {}), "", 0), MOST_FAULTS))
    except (TypeError, AttributeError, ValueError):
        return [SettingFault("", "no_schema")]


def resolved(schema: Schema, whole: Schema) -> Schema:
    """The schema that a `$ref` leads to within `whole`, or `schema` itself."""
    return _resolved(schema, whole.get("$defs", {}))


def _resolved(schema: Schema, defs: Mapping[str, Any]) -> Schema:
    for _ in range(DEEPEST):
        name = schema.get("$ref")
        if not isinstance(name, str):
            break
        schema = defs.get(name.removeprefix("#/$defs/"), {})
    return schema


def _faults(value: object, schema: object, defs: Mapping[str, Any], at: str, depth: int) -> Iterator[SettingFault]:
    if not isinstance(schema, Mapping) or depth > DEEPEST:
        return
    schema = _resolved(schema, defs)
    if "anyOf" in schema:
        yield from _none_fits(value, schema["anyOf"], defs, at, depth)
        return
    if "enum" in schema and value not in schema["enum"]:
        yield SettingFault(at, "other_choice", {"choices": ", ".join(map(str, schema["enum"]))})
    wanted = schema.get("type")
    if isinstance(wanted, str) and not _is(value, wanted):
        yield SettingFault(at, f"type_{wanted}")
        return
    if isinstance(value, str):
        yield from _of_text(value, schema, at)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _of_number(value, schema, at)
    elif isinstance(value, list | tuple):
        yield from _of_array(value, schema, defs, at, depth)
    elif isinstance(value, Mapping):
        yield from _of_object(value, schema, defs, at, depth)


def _is(value: object, wanted: str) -> bool:
    if isinstance(value, bool):
        return wanted == "boolean"
    return isinstance(value, _TYPES.get(wanted, (object,)))


def _none_fits(value: object, options: object, defs: Mapping[str, Any], at: str, depth: int) -> Iterator[SettingFault]:
    """Nothing when one option fits; else what the option of the value's own type says."""
    tried = [list(_faults(value, option, defs, at, depth + 1)) for option in options] if isinstance(options, list) else []
    if tried and all(tried):
        yield from min(tried, key=lambda found: any(fault.code.startswith("type_") for fault in found))


def _of_text(value: str, schema: Schema, at: str) -> Iterator[SettingFault]:
    if len(value) < schema.get("minLength", 0):
        yield SettingFault(at, "too_short", {"limit": schema["minLength"]})
    if len(value) > schema.get("maxLength", len(value)):
        yield SettingFault(at, "too_long", {"limit": schema["maxLength"]})
    pattern = _OURS.get(schema.get("pattern", ""))
    if pattern is not None and not pattern.search(value):
        yield SettingFault(at, "no_name" if pattern.pattern == NAME_PATTERN else "no_sku")


def _of_number(value: float, schema: Schema, at: str) -> Iterator[SettingFault]:
    if isinstance(value, float) and not isfinite(value):
        yield SettingFault(at, "no_number")
        return
    for name, fits in _LIMITS:
        if name in schema and not fits(value, schema[name]):
            yield SettingFault(at, name, {"limit": f"{schema[name]:g}"})


def _of_array(
    value: Sequence[object], schema: Schema, defs: Mapping[str, Any], at: str, depth: int
) -> Iterator[SettingFault]:
    if len(value) < schema.get("minItems", 0):
        yield SettingFault(at, "too_few", {"limit": schema["minItems"]})
    if len(value) > schema.get("maxItems", len(value)):
        yield SettingFault(at, "too_many", {"limit": schema["maxItems"]})
    first = schema.get("prefixItems", [])
    for place, item in enumerate(value):
        each = first[place] if place < len(first) else schema.get("items")
        yield from _faults(item, each, defs, f"{at}/{place}", depth + 1)


def _of_object(
    value: Mapping[str, object], schema: Schema, defs: Mapping[str, Any], at: str, depth: int
) -> Iterator[SettingFault]:
    known = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield SettingFault(f"{at}/{name}", "missing")
    for name, item in value.items():
        if name in known:
            yield from _faults(item, known[name], defs, f"{at}/{name}", depth + 1)
        elif schema.get("additionalProperties") is False:
            yield SettingFault(f"{at}/{name}", "unknown", {"known": ", ".join(known)})
