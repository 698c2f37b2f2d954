"""The pictures behind events, by hash: whoever has one may keep it for good."""

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from central.parts import parts
from central.store.evidence import evidence

blueprint = Blueprint("pictures", __name__)
KEEP_FOR_S = 365 * 24 * 3600


@blueprint.get("/evidence/<sha256>")
def picture(sha256: str) -> ResponseReturnValue:
    """The evidence of that hash as it came; 404 until it has arrived."""
    with parts().reading() as conn:
        row = conn.execute(select(evidence.c.media_type, evidence.c.content).where(evidence.c.sha256 == sha256)).first()
    if row is None:
        abort(404)
    response = Response(row.content, mimetype=row.media_type)
    response.cache_control.private = True
    response.cache_control.max_age = KEEP_FOR_S
    response.cache_control.immutable = True
    return response
