"""Everything that devices concluded, newest first."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from flask import Response
from pydantic import AwareDatetime, Field

from central.api import nouns
from central.api.access import caller, needs
from central.api.answers import GIVEN, Answer, Moment, PageQuery, answer, cursor_of, place_of
from central.parts import parts
from central.store import events
from central.store.events import Stored

blueprint = nouns.blueprint_for("events")
Sequence = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class EventsQuery(PageQuery):
    """Which events."""

    kind: str | None = Field(None, max_length=60, description="As in 'shelf_count/1'.")
    device: str | None = Field(None, max_length=32)
    since: Annotated[AwareDatetime, GIVEN] | None = Field(None, description="Not those that occurred before.")


class EventShape(Answer, frozen=True):
    """One event; (device, sequence) is its key, `data` is the message that `kind` names.

    `said_at`: what the device took for the time, where that is not when it occurred.
    """

    id: str
    device: str
    sequence: int
    kind: str
    occurred_at: Moment
    received_at: Moment
    clock: str
    said_at: Moment | None
    model: str | None
    evidence: str | None
    data: Any


class EventPage(Answer, frozen=True):
    """By the time they occurred, newest first."""

    items: list[EventShape]
    next: str | None


@blueprint.get("", summary="Events, newest first", responses={200: EventPage})
@needs("events:read")
def page(query: EventsQuery) -> Response:
    """A page of events of the token's site."""
    before = place_of(query.cursor, tuple[datetime, str, Sequence])
    with parts().reading() as conn:
        found = events.page(
            conn,
            caller().site,
            kind=query.kind,
            device=query.device,
            since=query.since,
            before=before,
            limit=query.limit,
        )
    last = found[-1] if len(found) == query.limit else None
    more = cursor_of(last.occurred_at, last.device, last.sequence) if last else None
    return answer(EventPage(items=[_shape(event) for event in found], next=more))


def _shape(event: Stored) -> EventShape:
    names = EventShape.model_fields.keys() - {"data"}
    return EventShape(**{name: getattr(event, name) for name in names}, data=msgspec.json.decode(event.data))
