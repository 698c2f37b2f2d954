"""What was announced, after a number: how an integrator that saw a hole catches up. Kept for seven days at least."""

import msgspec
from flask import Response
from pydantic import BaseModel, Field

from central.api import nouns
from central.api.access import caller, needs
from central.api.problems import Problem
from central.parts import parts
from central.store import announcements

blueprint = nouns.blueprint_for("out")
NDJSON = "application/x-ndjson"


class OutPath(BaseModel):
    """A site."""

    site: str = Field(max_length=32)


class OutQuery(BaseModel, extra="forbid"):
    """The `sequence` of the last announcement that was seen, and how many to give at most."""

    after: int = Field(0, ge=0, le=2**53)
    limit: int = Field(500, ge=1, le=5000)


@blueprint.get(
    "/<site>",
    summary="CloudEvents after a sequence number, one a line",
    responses={200: {"description": "CloudEvents 1.0", "content": {NDJSON: {"schema": {"type": "object"}}}}},
)
@needs("out:read")
def after(path: OutPath, query: OutQuery) -> Response:
    """Each line is {"topic", "event"}, in order of sequence; an empty answer means that nothing was missed."""
    if path.site != caller().site:
        raise Problem(403, "other-site", f"The token {caller().name} belongs to site {caller().site}.")
    with parts().reading() as conn:
        missed = announcements.after(conn, path.site, query.after, query.limit)
    lines = (b'{"topic":%s,"event":%s}\n' % (msgspec.json.encode(said.topic), said.payload.encode()) for said in missed)
    return Response(b"".join(lines), content_type=NDJSON)
