"""Programs that let devices in, as a tool that prepares a hundred of them does."""

import secrets

from flask import Response
from pydantic import BaseModel, Field

from central.api import nouns
from central.api.access import caller, needs
from central.api.answers import Answer, Moment, answer
from central.api.problems import Problem
from central.errors import DeviceError, Refused, SecretError
from central.fleet import claims
from central.fleet.claims import Wish
from central.parts import parts
from protocols.identity import NAME_PATTERN

blueprint = nouns.blueprint_for("claims")
blueprint.register_error_handler(DeviceError, lambda error: Problem(409, "not-claimable", str(error)).answer())
blueprint.register_error_handler(Refused, lambda error: Problem(409, "no-tls", str(error)).answer())
blueprint.register_error_handler(SecretError, lambda error: Problem(503, "no-authority", str(error)).answer())
_END = r"(?![\s\S])"


class WishShape(BaseModel, extra="forbid"):
    """The device to be. `replaces`: it is known, lost its key, and gets another."""

    device: str = Field(pattern=NAME_PATTERN.replace(_END, "$"))
    label: str | None = Field(None, min_length=1, max_length=80)
    replaces: bool = False


class ClaimShape(Answer, frozen=True):
    """A code that works once, until `expires_at`; it is told here and never again. `link`: server and code in one."""

    device: str
    code: str
    server: str
    link: str
    fingerprint: str
    expires_at: Moment


@blueprint.post("", summary="Leave for a device to become known", responses={201: ClaimShape})
@needs("devices:admit")
def claim(body: WishShape) -> Response:
    """A device elsewhere enrols with the code within ten minutes: `tallyhouse-edge enrol`."""
    running, gate = parts(), parts().require_gate()
    wish = Wish(body.device, caller().site, body.label or body.device, body.replaces)
    with running.writing() as conn:
        made = claims.make(conn, gate, wish, f"token {caller().name}", running.now(), secrets.token_bytes)
    told = ClaimShape(
        device=body.device,
        code=str(made.code),
        server=gate.url,
        link=made.link,
        fingerprint=gate.authority.fingerprint(),
        expires_at=made.claim.expires_at,
    )
    return answer(told, 201)
