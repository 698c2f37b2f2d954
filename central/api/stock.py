"""What is where: by the book and by the newest trusted count."""

from flask import Response
from pydantic import BaseModel, Field

from central.api import nouns
from central.api.access import caller, needs
from central.api.answers import Answer, Moment, answer
from central.parts import parts
from central.store import positions

blueprint = nouns.blueprint_for("stock")


class StockQuery(BaseModel, extra="forbid"):
    """One item or one location, if not all."""

    sku: str | None = Field(None, max_length=64)
    location: str | None = Field(None, max_length=32)


class PositionShape(Answer, frozen=True):
    """Units of an item at a location. `counted` is the newest trusted count plus what moved since, null without one."""

    location: str
    sku: str
    book: int
    counted: int | None
    difference: int | None
    counted_at: Moment | None
    as_of: Moment | None


class StockShape(Answer, frozen=True):
    """By location and item."""

    items: list[PositionShape]


@blueprint.get("", summary="Positions, by location and item", responses={200: StockShape})
@needs("stock:read")
def stock(query: StockQuery) -> Response:
    """Every position of the token's site that is asked for."""
    with parts().reading() as conn:
        known = positions.of_site(conn, caller().site)
    shapes = [
        PositionShape(
            location=location,
            sku=sku,
            book=position.book,
            counted=position.counted,
            difference=None if position.counted is None else position.counted - position.book,
            counted_at=position.counted_at,
            as_of=position.as_of,
        )
        for (location, sku), position in known.items()
        if query.sku in (None, sku) and query.location in (None, location)
    ]
    return answer(StockShape(items=shapes))
