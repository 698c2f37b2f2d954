"""The shapes that all answers share: moments as on the wire, pages with an opaque cursor."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from flask import Response
from pydantic import AwareDatetime, BaseModel, Field, PlainSerializer, WithJsonSchema

from central.api.problems import Fault, Problem
from central.store.types import instant_text
from protocols.codec import wire_time

Place = TypeVar("Place", bound=tuple[Any, ...])


def moment_text(moment: datetime) -> str:
    """RFC 3339, UTC, milliseconds, Z."""
    return wire_time(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# A moment that somebody sends: what lies beyond cannot be told in UTC everywhere on earth.
GIVEN = Field(strict=False, ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(9999, 1, 1, tzinfo=UTC))
Moment = Annotated[AwareDatetime, PlainSerializer(moment_text), WithJsonSchema({"type": "string", "format": "date-time"})]


class Answer(BaseModel, frozen=True):
    """Anything the API says."""


class PageQuery(BaseModel, extra="forbid"):
    """Where to go on, and how far."""

    cursor: str | None = Field(None, max_length=512, description="`next` of the page before.")
    limit: int = Field(100, ge=1, le=500)


def answer(body: Answer, status: int = 200) -> Response:
    """`body` as JSON."""
    return Response(body.model_dump_json(), status, content_type="application/json")


def cursor_of(moment: datetime, *key: str | int) -> str:
    """An opaque text that stands for a place in a list that is sorted by (moment, key)."""
    return urlsafe_b64encode(msgspec.json.encode([moment, *key])).decode().rstrip("=")


def place_of(cursor: str | None, shape: type[Place]) -> Place | None:
    """What `cursor_of` was given, as a tuple of `shape`. Raises Problem 422 for a cursor that is not ours."""
    if cursor is None:
        return None
    try:
        place: Place = msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=shape)
        instant_text(place[0])
        return place
    except (ValueError, OverflowError, msgspec.DecodeError) as error:
        raise Problem(422, "invalid", "Not a cursor of this list.", (Fault("cursor", "use `next` of a page"),)) from error
