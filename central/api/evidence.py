"""The picture or the stretch of readings behind an event, by its hash."""

from flask import Response
from pydantic import BaseModel, Field

from central.api import nouns
from central.api.access import caller, needs
from central.api.problems import Problem
from central.parts import parts
from central.store import devices, evidence

blueprint = nouns.blueprint_for("evidence")
HEADERS = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


class EvidencePath(BaseModel):
    """`sha256:` and 64 hexadecimal digits, as in the event."""

    sha256: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")


@blueprint.get(
    "/<sha256>",
    summary="A picture or a stretch of readings",
    responses={200: {"description": "JPEG, or application/vnd.tallyhouse.readings+json"}},
)
@needs("evidence:read")
def one(path: EvidencePath) -> Response:
    """The bytes that have this hash. 404 also while they are still on the device."""
    with parts().reading() as conn:
        piece = evidence.get(conn, path.sha256)
        device = devices.get(conn, piece.device) if piece else None
    if piece is None or device is None or device.site != caller().site:
        raise Problem(404, "not-found", f"{path.sha256} has not arrived at site {caller().site}.")
    return Response(piece.content, content_type=piece.media_type, headers=HEADERS)
