"""Letting a device in by a claim, and shutting one out: forms on the devices' page, and the page that shows a code, once."""

import secrets

import segno
from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from central.console.access import current_person, may
from central.console.fragments import Fragment, Look, Page, Rows, show
from central.console.redraw import answer
from central.errors import DeviceError, Refused, SecretError
from central.fleet import claims, revocation
from central.fleet.claims import Made, Wish
from central.parts import parts
from central.store import devices, identities

blueprint = Blueprint("admission", __name__)
CHANGED = frozenset({"device"})
QR_PIXELS = 5  # of one module


def waiting(look: Look) -> Rows:
    """The claims of the site that can still be used."""
    return {"claims": claims.waiting(look.conn, look.site, look.now)}


def _state(look: Look) -> Rows:
    claim = identities.claim(look.conn, look.key)
    is_in = claim is not None and claim.used_at is not None
    is_open = claim is not None and claim.is_open(look.now, claims.MOST_WRONG)
    return {"claim": claim, "is_in": is_in, "is_open": is_open}


WAITING = Fragment("claims", "setup/admission/_claims.html", CHANGED, waiting)
PAGE = Page(
    "claim", "setup/admission/claim.html", (Fragment("claim-state", "setup/admission/_state.html", CHANGED, _state),)
)
PAGES = (PAGE,)


@blueprint.post("/setup/devices/claims")
@may("device.admit")
def claim() -> ResponseReturnValue:
    """A claim, and its code and picture code: shown in this answer and never again."""
    running, form = parts(), request.form
    name = form.get("device", "").strip()
    wish = Wish(name, running.site, form.get("label", "").strip() or name, "replaces" in form)
    try:
        gate = running.require_gate()
        with running.writing() as conn:
            made = claims.make(conn, gate, wish, current_person().name, running.now(), secrets.token_bytes)
    except (DeviceError, Refused, SecretError) as error:
        return answer(CHANGED, _("No code was made: %(why)s", why=error))
    return show(PAGE, made.claim.number, made=made, server=gate.url, picture=_picture(made))


@blueprint.post("/setup/devices/<name>/claim/withdraw")
@may("device.admit")
def withdraw(name: str) -> ResponseReturnValue:
    """Let nobody use a device's code."""
    running = parts()
    with running.writing() as conn:
        was_open = claims.withdraw(conn, name, running.site, current_person().name, running.now())
    return answer(CHANGED, None if was_open else _("That code was used or withdrawn meanwhile."))


@blueprint.post("/setup/devices/<name>/revoke")
@may("device.admit")
def revoke(name: str) -> ResponseReturnValue:
    """Shut a device out: ingest and broker refuse it at once, its session ends."""
    running = parts()
    with running.reading() as conn:
        known = devices.get(conn, name)
    if known is None or known.site != running.site:
        return answer(CHANGED, _("There is no device %(name)s here.", name=name))
    try:
        done = revocation.revoke_and_enforce(
            running.writing, running.require_gate(), name, current_person().name, running.now()
        )
    except (DeviceError, Refused, SecretError) as error:
        return answer(CHANGED, _("Nothing was changed: %(why)s", why=error))
    told = _("%(name)s may no longer speak, but the broker could not be told: restart it to end an open session.", name=name)
    return answer(CHANGED, None if done.session_ended else told)


def _picture(made: Made) -> Markup:
    """The link of a claim as an SVG that a camera reads."""
    return Markup(segno.make(made.link, error="m").svg_inline(scale=QR_PIXELS, light="#fff", dark="#000"))  # noqa: S704 (our own)
