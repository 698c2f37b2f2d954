"""How many units of an item a camera sees at a location."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from protocols.envelope import LARGEST
from protocols.identity import Name, Sku
from protocols.messages.picture import Box, Fraction

Count = Annotated[int, Meta(ge=0, le=1_000_000)]

Change = Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
ShelfState = Literal["ok", "low", "out", "mismatch"]
Mismatch = Literal["layout", "products"]


class Misplaced(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A unit that stands wrong. sku: as far as it was recognised; expected: None where the planogram has no facing."""

    box: Box
    sku: Sku | None = None
    expected: Sku | None = None


class ShelfCount(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`facings` are the units in view; `units` adds what stands behind them by the planogram's depth.

    state: `mismatch` means that the planogram is not of this shelf, so that the count is in doubt: most boxes stand at no
    facing of its layout, or the products are others. change: against the units last told. gaps: facings with nothing there.
    """

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
    state: ShelfState = "ok"
    mismatch: Mismatch | None = None
    change: Change | None = None
    gaps: Annotated[list[Box], Meta(max_length=500)] = []
    misplaced: Annotated[list[Misplaced], Meta(max_length=500)] = []
