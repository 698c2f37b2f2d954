"""Which shelves a camera sees, and how often they are counted."""

from typing import Annotated

from msgspec import Meta, Struct

from protocols.identity import Name, Sku
from protocols.messages.picture import Fraction

UNKNOWN_SKU = "unknown-carton"


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


def shelves(settings: Settings, source_id: str) -> tuple[Region, ...]:
    """The regions as configured, or the whole picture as the only one."""
    return settings.regions or (Region(location=settings.location or source_id, sku=settings.sku),)
