"""Devices: what each edge device says of itself, whether all of its events are here, and what could not be taken in."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from central.console.fragments import Fragment, Look, Page, Rows, show
from central.console.setup import admission
from central.floor.devices import all_devices, set_aside
from central.parts import parts
from central.store import identities

blueprint = Blueprint("devices", __name__)


def _devices(look: Look) -> Rows:
    return {
        "devices": [(device, device.is_silent(look.now)) for device in all_devices(look.conn, look.site)],
        "broker": look.parts.broker,
        "ends": identities.ends(look.conn),
    }


def _quarantine(look: Look) -> Rows:
    return {"messages": set_aside(look.conn)}


PAGE = Page(
    "devices",
    "setup/devices/page.html",
    (
        admission.WAITING,
        Fragment("devices", "setup/devices/_devices.html", frozenset({"device", "event", "quarantine"}), _devices),
        Fragment("quarantine", "setup/devices/_quarantine.html", frozenset({"quarantine"}), _quarantine),
    ),
)
PAGES = (PAGE,)


@blueprint.get("/setup/devices")
def page() -> ResponseReturnValue:
    """All devices that may speak, and the quarantine."""
    gate = parts().gate
    return show(PAGE, has_tls=gate is not None and gate.has_tls)
