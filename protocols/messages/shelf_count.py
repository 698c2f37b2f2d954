"""How many units of an item a camera sees at a location."""

from typing import Annotated

from msgspec import Meta, Struct

from protocols.envelope import LARGEST
from protocols.identity import Name, Sku
from protocols.messages.picture import Box, Fraction

Count = Annotated[int, Meta(ge=0, le=1_000_000)]


class ShelfCount(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`facings` are the units in view; `units` adds what stands behind them by the planogram's depth."""

    location: Name
    sku: Sku
    camera: Name
    facings: Count
    units: Count
    confidence: Fraction
    units_low: Count | None = None
    units_high: Count | None = None
    capacity: Count | None = None
    frames: Annotated[int, Meta(ge=1, le=LARGEST)] = 1
    boxes: Annotated[list[Box], Meta(max_length=500)] = []
