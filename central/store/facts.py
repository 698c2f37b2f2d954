"""What a transaction found to have changed: the words between those who write and `deciding.waking`, which wakes cards."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """Something that changed at a site.

    Nouns and the values they carry: stock_position {location, sku}, machine_condition {machine}, work_order {machine},
    defect {camera, line}.
    """

    noun: str
    site: str
    values: Mapping[str, str]
