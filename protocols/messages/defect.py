"""A part on the line that does not look like the good ones."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from protocols.envelope import LARGEST
from protocols.identity import Name
from protocols.messages.picture import Box, Fraction


class DefectRegion(Struct, frozen=True, kw_only=True):
    """One suspicious place. `box`: x1, y1, x2, y2 as fractions of the evidence picture."""

    box: Box
    score: Annotated[float, Meta(ge=0)]
    label: Annotated[str, Meta(max_length=32)] = "anomaly"


class Defect(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Verdict on one part. `score` is the detector's own; `p_value` is the chance that a good part scores as high.

    `inspected`: parts of this line that were judged since the last one that was told, this one included.
    """

    camera: Name
    line: Name
    verdict: Literal["fail", "review"]
    score: Annotated[float, Meta(ge=0)]
    threshold: Annotated[float, Meta(ge=0)]
    regions: Annotated[list[DefectRegion], Meta(max_length=50)] = []
    p_value: Fraction | None = None
    supplier: Annotated[str, Meta(max_length=64)] | None = None
    lot: Annotated[str, Meta(max_length=64)] | None = None
    inspected: Annotated[int, Meta(ge=1, le=LARGEST)] = 1
