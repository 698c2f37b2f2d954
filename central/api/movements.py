"""Sales, receipts, moves and adjustments come in here. The same twice has no effect; good lines land beside bad ones.

An id that stands for another movement is refused: taken for a duplicate, what it says would be lost without a word.
"""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import AwareDatetime, BaseModel, Field, ValidationError, WithJsonSchema, model_validator
from sqlalchemy import Column, Connection, select

from central.api import nouns
from central.api.access import caller, needs
from central.api.answers import GIVEN, Answer, answer
from central.api.problems import Fault, Problem, faults_of
from central.deciding import waking
from central.floor import stock
from central.parts import parts
from central.store import catalogue
from central.store.movements import Movement, movements
from protocols.codec import wire_time
from protocols.identity import NAME_PATTERN, SKU_PATTERN

blueprint = nouns.blueprint_for("movements")
MOST_LINES = 500
MOST_UNITS = 1_000_000
CLOCK_TOLERANCE = timedelta(minutes=5)
_END = r"(?![\s\S])"


class Line(BaseModel, extra="forbid", strict=True):
    """One movement. `quantity` in units, negative for a sale, positive for a receipt; `id`: the sender's own, unique."""

    id: str = Field(min_length=1, max_length=64)
    kind: Literal["sale", "receipt", "move", "adjustment"]
    sku: str = Field(pattern=SKU_PATTERN.replace(_END, "$"))
    location: str = Field(pattern=NAME_PATTERN.replace(_END, "$"))
    quantity: int = Field(ge=-MOST_UNITS, le=MOST_UNITS)
    occurred_at: Annotated[AwareDatetime, GIVEN]
    reference: str | None = Field(None, max_length=120)

    @model_validator(mode="after")
    def _signed(self) -> "Line":
        if self.quantity == 0:
            raise ValueError("quantity 0 moves nothing")
        if (self.kind, self.quantity > 0) in (("sale", True), ("receipt", False)):
            raise ValueError(f"a {self.kind} of {self.quantity} has the wrong sign: sales are negative, receipts positive")
        return self


Lines = Annotated[
    list[Any],
    Field(min_length=1, max_length=MOST_LINES),
    WithJsonSchema({"type": "array", "minItems": 1, "maxItems": MOST_LINES, "items": Line.model_json_schema()}),
]


class MovementsBody(BaseModel, extra="forbid"):
    """Up to 500 movements; each is judged by itself."""

    movements: Lines


class PostedShape(Answer, frozen=True):
    """How many were new, and how many had been posted before."""

    accepted: int
    duplicates: int


@blueprint.post("", summary="Book movements", responses={200: PostedShape})
@needs("movements:write")
def post(body: MovementsBody) -> Response:
    """Book the lines that are right. 422 names those that are not, and how many landed beside them."""
    site, now = caller().site, parts().now()
    with parts().writing() as conn:
        good, faults = _judged(conn, site, body.movements, now)
        posted = stock.post_movements(conn, site, good, f"token {caller().name}", now)
        waking.wake(conn, parts().capabilities, posted.facts, now)
    shape = PostedShape(accepted=posted.accepted, duplicates=posted.duplicates)
    if faults:
        detail = f"{posted.accepted + posted.duplicates} of {len(body.movements)} lines are booked; correct the others."
        raise Problem(422, "lines-refused", detail, tuple(faults), shape.model_dump())
    return answer(shape)


def _judged(conn: Connection, site: str, lines: Iterable[Any], now: datetime) -> tuple[list[Movement], list[Fault]]:
    read, faults = _read(lines)
    skus = _known(conn, catalogue.items.c.sku, {line.sku for line in read.values()})
    places = _known(conn, catalogue.shelves.c.location, {line.location for line in read.values()}, site)
    booked = _booked(conn, {line.id for line in read.values()})
    good: list[Movement] = []
    for number, line in read.items():
        movement = Movement(**line.model_dump() | {"occurred_at": wire_time(line.occurred_at)})
        wrong = (
            ("sku", line.sku not in skus, f"there is no item {line.sku}"),
            ("location", line.location not in places, f"there is no location {line.location} at {site}"),
            ("occurred_at", line.occurred_at > now + CLOCK_TOLERANCE, "lies in the future: set the sender's clock"),
            (
                "id",
                booked.get(line.id, (site, movement)) != (site, movement),
                "is that of another movement: give each its own",
            ),
        )
        found = [Fault(f"/movements/{number}/{name}", detail) for name, is_wrong, detail in wrong if is_wrong]
        faults += found
        if not found:
            booked[line.id] = site, movement
            good.append(movement)
    return good, faults


def _read(lines: Iterable[Any]) -> tuple[dict[int, Line], list[Fault]]:
    """The lines that fit the schema, by their place in the body, and what is wrong with the others."""
    read: dict[int, Line] = {}
    faults: list[Fault] = []
    for number, raw in enumerate(lines):
        try:
            read[number] = Line.model_validate(raw)
        except ValidationError as error:
            faults += faults_of(error, f"/movements/{number}")
    return read, faults


def _booked(conn: Connection, ids: set[str]) -> dict[str, tuple[str, Movement]]:
    """The movements that are on record under these ids, each with its site."""
    columns = [movements.c[each.name] for each in fields(Movement)]
    rows = conn.execute(select(movements.c.site, *columns).where(movements.c.id.in_(ids)))
    return {row.id: (row.site, Movement(*row[1:])) for row in rows}


def _known(conn: Connection, column: Column[str], wanted: set[str], site: str | None = None) -> set[str]:
    found = select(column).where(column.in_(wanted))
    return set(conn.scalars(found if site is None else found.where(column.table.c.site == site)))
