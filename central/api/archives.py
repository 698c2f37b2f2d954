"""Archives of released models, for devices: opened by the device's own signature over the request, resumable by ranges."""

from datetime import timedelta

from flask import Response, request, send_file
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field

from central.api import document, problems
from central.api.problems import Problem
from central.fleet.archives import PATH
from central.parts import parts
from central.store import devices
from protocols import request_signing
from protocols.errors import BadSignature
from protocols.signing import public_key

FRESH_FOR = timedelta(minutes=5)
TAR = "application/x-tar"
CHALLENGE = {"WWW-Authenticate": request_signing.SCHEME}

blueprint = APIBlueprint(
    "api_archives",
    __name__,
    url_prefix=PATH.rstrip("/"),
    abp_security=document.DEVICE_SECURITY,
    abp_responses=document.PROBLEMS,
)
problems.answer_errors_of(blueprint)


class ArchivePath(BaseModel):
    """`sha256:` and 64 hexadecimal digits, as in the twin."""

    sha256: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")


@blueprint.get(
    "/<sha256>",
    summary="The archive of a released model, for a device",
    responses={200: {"description": "A plain tar", "content": {TAR: {}}}, 206: {"description": "The rest of it"}},
)
def one(path: ArchivePath) -> Response:
    """Signed by a device that may speak (`Authorization: Tallyhouse-Ed25519 …`); a Range is honoured."""
    _require_device()
    archives = parts().archives
    file = None if archives is None else archives.file(path.sha256)
    if file is None or not file.is_file():
        raise Problem(404, "not-found", f"{path.sha256} was not released here, or its archive is gone; add it again.")
    return send_file(file.resolve(), mimetype=TAR, etag=path.sha256, conditional=True)


def _require_device() -> None:
    """Raises Problem 401, whose Date tells a device with a wrong clock what time it is here."""
    try:
        claimed = request_signing.claim(request.headers.get("Authorization"))
        with parts().reading() as conn:
            device = devices.get(conn, claimed.device)
        if device is None or device.revoked_at is not None:
            raise BadSignature(f"no device {claimed.device!r} may speak here")
        request_signing.check(claimed, public_key(device.public_key), request.method, request.path)
    except BadSignature as error:
        raise Problem(401, "unauthorized", f"{error}.", headers=CHALLENGE) from error
    if abs(claimed.at_s - parts().now().timestamp()) > FRESH_FOR.total_seconds():
        raise Problem(
            401, "stale", "The moment in the signature is too far from now; sign again by our Date.", headers=CHALLENGE
        )
