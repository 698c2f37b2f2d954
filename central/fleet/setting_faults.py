"""What can be wrong with a setting: a code and its values, and the sentence that a reader gets (pure)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from central.translations.marking import N_

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "type_integer": N_("must be a whole number"),
        "type_number": N_("must be a number"),
        "type_boolean": N_("must be true or false"),
        "type_string": N_("must be text"),
        "type_array": N_("must be a list"),
        "type_object": N_("must be an object with named values"),
        "type_null": N_("must be empty"),
        "no_number": N_("must be a number that is not endless"),
        "minimum": N_("must be at least {limit}"),
        "exclusiveMinimum": N_("must be above {limit}"),
        "maximum": N_("must be at most {limit}"),
        "exclusiveMaximum": N_("must be below {limit}"),
        "other_choice": N_("must be one of {choices}"),
        "too_short": N_("must have at least {limit} characters"),
        "too_long": N_("must have at most {limit} characters"),
        "no_name": N_("must be 1 to 32 of a-z, 0-9 and '-'"),
        "no_sku": N_("must be 1 to 64 printable characters"),
        "too_few": N_("must have at least {limit} entries"),
        "too_many": N_("must have at most {limit} entries"),
        "missing": N_("is missing"),
        "unknown": N_("is unknown; there are: {known}"),
        "no_such_task": N_("{device} has no such task; there are: {known}"),
        "never_connected": N_("{device} has no task yet: it has never been connected"),
        "no_schema": N_("cannot be checked: the device announced a schema that is none; update its software"),
        "no_message": N_("is larger than {limit} bytes: a twin must fit into one message"),
    }
)


@dataclass(frozen=True)
class SettingFault:
    """One thing that is wrong with a setting. pointer: where (JSON pointer); code: one of WORDS, with its values."""

    pointer: str
    code: str
    values: Mapping[str, str | float] = field(default_factory=dict)

    def worded(self, translated: Callable[[str], str] = str) -> str:
        """What is wrong, in English unless `translated` knows better."""
        return translated(WORDS[self.code]).format_map(self.values)
