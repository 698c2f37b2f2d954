"""Today: what needs a person now, gravest first, and the one button that settles it."""

from datetime import datetime

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from central.console.fragments import Fragment, Look, Page, Rows, show
from central.floor import seen
from central.floor.attention import attention
from central.floor.devices import all_devices
from central.floor.history import figures_since, midnight
from central.floor.shelves import SEEN_LATELY, all_shelves
from central.store.catalogue import Camera, all_of

blueprint = Blueprint("today", __name__)

INBOX_NOUNS = frozenset({"alarm", "position", "condition", "decision", "device", "quarantine"})


def _strip(look: Look) -> Rows:
    devices = all_devices(look.conn, look.site)
    shelves = all_shelves(look.conn, look.site)
    counted = [shelf for shelf in shelves if shelf.counted_at and look.now - shelf.counted_at <= SEEN_LATELY]
    return {
        "devices": len(devices),
        "devices_live": sum(device.online for device in devices),
        "shelves": len(shelves),
        "share_counted": len(counted) / len(shelves) if shelves else None,
        "figures": figures_since(look.conn, look.site, midnight(look.now)),
    }


def _inbox(look: Look) -> Rows:
    items = attention(look.conn, look.site, look.now)
    return {
        "items": items,
        "waiting": sum(not (item.is_settled or item.is_acknowledged) for item in items),
        "is_new": not all_devices(look.conn, look.site),
        "last_seen_at": _last_event(look),
        "broker": look.parts.broker,
        "redraw_url": url_for("live.out_of_date", page="today", noun=sorted(INBOX_NOUNS)),
    }


def _cameras(look: Look) -> Rows:
    newest = seen.newest_by_camera(look.conn, look.site)
    cameras = all_of(look.conn, Camera, look.site)
    shelves = {shelf.location: shelf.label for shelf in all_shelves(look.conn, look.site)}
    return {"cameras": [(camera, newest.get(camera.camera)) for camera in cameras], "shelf_labels": shelves}


def _last_event(look: Look) -> datetime | None:
    newest = seen.newest(look.conn, look.site, "shelf_count/1", most=1)
    return newest[0].occurred_at if newest else None


PAGE = Page(
    "today",
    "today/page.html",
    (
        Fragment("strip", "today/_strip.html", frozenset({"event", "device", "position", "decision"}), _strip),
        Fragment(
            "inbox",
            "today/_inbox.html",
            INBOX_NOUNS,
            _inbox,
        ),
        Fragment("cameras", "today/_cameras.html", frozenset({"event"}), _cameras),
    ),
)
PAGES = (PAGE,)


@blueprint.get("/")
def page() -> ResponseReturnValue:
    """The inbox, the day's figures and the newest picture of each camera."""
    return show(PAGE)
