"""Which shelves a camera sees, and how often they are counted."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct, field

from protocols.identity import Name, Sku
from protocols.messages.picture import Box, Fraction

UNKNOWN_SKU = "unknown-carton"
ROUNDING = 1e-3


class Facing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place of a planogram: where one unit stands in front."""

    box: Annotated[Box, Meta(title="Place", description="x1, y1, x2, y2 as fractions of the shelf's region.")]
    sku: Annotated[Sku | None, Meta(title="SKU", description="What belongs there; else the shelf's.")] = None


class Region(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One shelf with one item: where it lies in the frame, what it can hold."""

    location: Name
    sku: Sku
    roi: Annotated[
        tuple[Fraction, Fraction, Fraction, Fraction],
        Meta(title="Region", description="x, y, width, height as fractions of the frame."),
    ] = (0.0, 0.0, 1.0, 1.0)
    capacity: Annotated[int, Meta(ge=0, le=100_000, title="Capacity (units)")] | None = None
    depth: Annotated[
        int,
        Meta(ge=1, le=100, title="Depth (units)", description="Units one behind the other at each facing of a full shelf."),
    ] = 1
    low: Annotated[
        int | None,
        Meta(title="Low at (units)", description="At this many or fewer the shelf is told to be low. Empty: never."),
    ] = None
    facings: Annotated[
        tuple[Facing, ...], Meta(max_length=500, title="Planogram", description="The places of a full shelf, one a facing.")
    ] = ()

    def __post_init__(self) -> None:
        """A region that leaves the frame would be counted in part and be believed."""
        left, top, width, height = self.roi
        if left + width > 1 + ROUNDING or top + height > 1 + ROUNDING:
            raise ValueError(f"the shelf {self.location} reaches beyond the frame: x + width and y + height are at most 1")
        for number, facing in enumerate(self.facings, start=1):
            if facing.box[2] <= facing.box[0] or facing.box[3] <= facing.box[1]:
                raise ValueError(f"facing {number} of the shelf {self.location} ends before it begins: x1 y1 x2 y2 wanted")


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without regions every picture stands for itself: the whole of it is one shelf, and each one is counted and told."""

    regions: Annotated[tuple[Region, ...], Meta(max_length=64, title="Shelves")] = ()
    interval_s: Annotated[
        float, Meta(gt=0, le=86_400, title="Interval (s)", description="A count is told this often even if nothing changed.")
    ] = 60.0
    look_every_s: Annotated[
        float, Meta(ge=0, le=3600, title="Look every (s)", description="Least time between two looks at the shelves.")
    ] = 1.0
    frames: Annotated[
        int, Meta(ge=1, le=99, title="Frames", description="A count is the median of this many looks: people walk past.")
    ] = 5
    location: Annotated[
        Name | None, Meta(title="Location", description="Of the only shelf, without regions; else the source's id.")
    ] = None
    sku: Annotated[Sku, Meta(title="SKU", description="Of the only shelf, without regions.")] = UNKNOWN_SKU
    model: Annotated[str, Meta(min_length=1, max_length=64, title="Model", description="Folder of the model bundle.")] = (
        "shelf"
    )
    confirm: Annotated[
        int, Meta(ge=1, le=99, title="Confirm", description="Low, out and mismatch are told after this many looks in a row.")
    ] = 3
    gallery: Annotated[
        str | None, Meta(title="Gallery", description="File of enrolled products; with it, misplaced products are found.")
    ] = None
    codes: Annotated[
        Mapping[str, Sku], Meta(max_length=5000, title="Codes", description="EAN, UPC or QR text of each product → its SKU.")
    ] = field(default_factory=dict)


def shelves(settings: Settings, source_id: str) -> tuple[Region, ...]:
    """The regions as configured, or the whole picture as the only one."""
    return settings.regions or (Region(location=settings.location or source_id, sku=settings.sku),)
