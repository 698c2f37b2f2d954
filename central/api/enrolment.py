"""Where devices make themselves known. No token opens it: a claim code does, once; a certificate is renewed by its key.

Over plain HTTP only from this machine, where nobody stands in between.
"""

from ipaddress import ip_address
from math import ceil
from typing import cast

import msgspec
from flask import Response, current_app, request
from flask.blueprints import BlueprintSetupState
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field

from central.api import document, problems
from central.api.answers import Answer, answer
from central.api.problems import Problem
from central.errors import Refused, SecretError
from central.fleet import admission, revocation
from central.identity.attempts import Attempts, Key
from central.parts import parts
from central.store import devices, identities
from protocols.enrolment import PATH, SIGNATURE_HEADER, Applicant
from protocols.errors import ProtocolError

ATTEMPTS = "tallyhouse.claim_attempts"
FREE_OF_ADDRESS = 10
MOST_BYTES = 16_384

blueprint = APIBlueprint("api_enrol", __name__, url_prefix=PATH, abp_responses=document.PROBLEMS)
problems.answer_errors_of(blueprint)
blueprint.register_error_handler(Refused, lambda error: Problem(403, "refused", str(error)).answer())
blueprint.register_error_handler(ProtocolError, lambda error: Problem(422, "invalid", str(error)).answer())
blueprint.register_error_handler(SecretError, lambda error: Problem(503, "no-authority", str(error)).answer())


class AuthorityShape(Answer, frozen=True):
    """The house's authority as PEM. Compare its SHA-256 with the claim's pin before you believe it."""

    authority: str


class ApplicantShape(BaseModel, extra="forbid"):
    """A claim code without its pin, and a certificate request (PEM) of the Ed25519 key that the device made."""

    number: str = Field(max_length=16)
    secret: str = Field(max_length=32)
    request: str = Field(max_length=8192)


class AdmittedShape(Answer, frozen=True):
    """The device's name, its certificate and authority (PEM), and the configuration of its agent (TOML)."""

    device: str
    site: str
    certificate: str
    authority: str
    agent_toml: str


class RenewalShape(BaseModel, extra="forbid"):
    """Which device asks; the signature of the body by its key stands in the header Tallyhouse-Signature, in base64."""

    device: str = Field(max_length=32)
    asked_at: str = Field(max_length=40)


class RenewedShape(Answer, frozen=True):
    """The next certificate of the same key, and the authority (PEM)."""

    certificate: str
    authority: str


@blueprint.record
def _count_attempts(setup: BlueprintSetupState) -> None:
    setup.app.extensions[ATTEMPTS] = Attempts()


@blueprint.before_request
def _guard() -> None:
    if not (request.is_secure or _is_this_machine()):
        raise Problem(403, "not-private", "Come by HTTPS: set [console] tls, or put a proxy that speaks it before this.")
    request.max_content_length = MOST_BYTES  # a body that comes in chunks says nothing of its length
    if (request.content_length or 0) > MOST_BYTES:
        raise Problem(413, "too-large", f"At most {MOST_BYTES} bytes.")


@blueprint.get("/authority", summary="The house's authority", responses={200: AuthorityShape})
def authority() -> Response:
    """The certificate that the broker's, the console's and the devices' certificates are signed by. It is no secret."""
    gate = parts().require_gate()
    gate.require_tls()
    return answer(AuthorityShape(authority=gate.authority.certificate_text()))


@blueprint.post("", summary="Make a device known by a claim code", responses={200: AdmittedShape})
def enrol(body: ApplicantShape) -> Response:
    """The code works once, within ten minutes; five wrong tries make it void. Tries from one address become slow (429)."""
    gate, attempts, key = parts().require_gate(), _attempts(), Key("claim", request.remote_addr or "", FREE_OF_ADDRESS)
    if wait := attempts.begin([key], parts().now()):
        seconds = ceil(wait.total_seconds())
        raise Problem(429, "too-many-tries", f"Wait {seconds} s and try again.", headers={"Retry-After": str(seconds)})
    applicant = Applicant(number=body.number, secret=body.secret, request=body.request)
    with parts().writing() as conn:
        before = identities.claim(conn, body.number)
        admitted = admission.admit(conn, gate, applicant, parts().now())
        device = devices.get(conn, admitted.device) if admitted else None
    if admitted is None:
        raise Problem(403, "claim-refused", "The code is wrong, used or older than ten minutes: make another claim.")
    attempts.was_right([key], parts().now())
    if before and before.replaces and device:
        revocation.enforce(gate, device, forget=False)  # whoever has the old key is out
    return answer(AdmittedShape(**msgspec.structs.asdict(admitted)))


@blueprint.post("/renewal", summary="The next certificate of a device", responses={200: RenewedShape})
def renew(body: RenewalShape) -> Response:  # noqa: ARG001 (for the document: the signed bytes themselves are read)
    """For the same key, while the one it has is good and not revoked; once an hour at most."""
    gate = parts().require_gate()
    with parts().writing() as conn:
        renewed = admission.renew(conn, gate, request.get_data(), request.headers.get(SIGNATURE_HEADER), parts().now())
    return answer(RenewedShape(**msgspec.structs.asdict(renewed)))


def _attempts() -> Attempts:
    return cast(Attempts, current_app.extensions[ATTEMPTS])


def _is_this_machine() -> bool:
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
