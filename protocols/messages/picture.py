"""How places in a picture are written down."""

from typing import Annotated

from msgspec import Meta

Fraction = Annotated[float, Meta(ge=0, le=1)]
Box = Annotated[
    tuple[Fraction, Fraction, Fraction, Fraction],
    Meta(description="x1, y1, x2, y2 as fractions of width and height of the evidence picture."),
]
