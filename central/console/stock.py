"""Stock: what is where, and whether the book is true; and one shelf with its picture, its past and its movements."""

from collections import Counter
from datetime import timedelta
from itertools import groupby

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from central.console.charts import Chart, Line
from central.console.fragments import Fragment, Look, Page, Rows, show
from central.floor import history, seen
from central.floor.history import Counted, Moved
from central.floor.shelves import STATES, all_shelves, shelf_at, unplanned_places
from central.store import decisions

blueprint = Blueprint("stock", __name__)

RANGES = {"24h": timedelta(hours=24), "14d": timedelta(days=14)}
MOVEMENTS_SHOWN = 12
STANDING = ("proposed", "accepted", "adjusted", "rejected", "nothing", "undecided")


def _shelves(look: Look) -> Rows:
    everything = [*all_shelves(look.conn, look.site), *unplanned_places(look.conn, look.site)]
    states = {shelf.location: shelf.state(look.now) for shelf in everything}
    state, aisle = look.filters.get("state", ""), look.filters.get("aisle", "")
    shown = [s for s in everything if state in {"", states[s.location]} and aisle in {"", s.aisle}]
    return {
        "aisles": [(name, list(shelves)) for name, shelves in groupby(everything, key=lambda shelf: shelf.aisle)],
        "shelves": shown,
        "states": states,
        "tally": Counter(states.values()),
        "known_states": STATES,
        "state": state,
        "aisle": aisle,
    }


def _shelf(look: Look) -> Rows:
    shelf = shelf_at(look.conn, look.site, look.key) or abort(404)
    picture = seen.newest_of_shelf(look.conn, look.site, look.key, shelf.sku)
    about = decisions.page(look.conn, look.site, subject=shelf.sku, states=STANDING, limit=5)
    return {"shelf": shelf, "state": shelf.state(look.now), "picture": picture, "decisions": about}


def _trend(look: Look) -> Rows:
    name = look.filters.get("range", "24h")
    since = look.now - RANGES.get(name, RANGES["24h"])
    shelf = shelf_at(look.conn, look.site, look.key) or abort(404)
    counts = history.counts_since(look.conn, look.site, (look.key, shelf.sku), since)
    moves = history.movements_since(look.conn, look.site, (look.key, shelf.sku), since)
    first = min([*(count.at for count in counts[:1]), *(move.at for move in moves[:1])], default=since)
    return {
        "drawn": _chart(counts, moves, max(since, first - timedelta(minutes=1)).timestamp(), look.now.timestamp()),
        "counts": counts[::-1],
        "movements": moves[::-1][:MOVEMENTS_SHOWN],
        "shown_range": name if name in RANGES else "24h",
        "ranges": list(RANGES),
    }


def _chart(counts: list[Counted], moves: list[Moved], start: float, end: float) -> Chart:
    seen_units = [(count.at.timestamp(), float(count.units)) for count in counts if not count.is_wrong]
    book = [(move.at.timestamp(), float(move.book)) for move in moves]
    if moves:
        book = [(start, float(moves[0].book - moves[0].quantity)), *book, (end, float(moves[-1].book))]
    lines = (Line(book, "book", is_stepped=True), Line(seen_units, "measured"))
    return Chart(start, end, lines, floor=0.0)


PAGE = Page("stock", "stock/page.html", (Fragment("shelves", "stock/_shelves.html", frozenset({"position"}), _shelves),))
SHELF = Page(
    "shelf",
    "stock/shelf.html",
    (
        Fragment("shelf", "stock/_shelf.html", frozenset({"position", "decision"}), _shelf),
        Fragment("trend", "stock/_trend.html", frozenset({"position"}), _trend),
    ),
)
PAGES = (PAGE, SHELF)


@blueprint.get("/stock")
def page() -> ResponseReturnValue:
    """Map and table of all shelves; filters `state` and `aisle`."""
    return show(PAGE)


@blueprint.get("/stock/shelves/<location>")
def shelf_page(location: str) -> ResponseReturnValue:
    """One shelf; filter `range`."""
    return show(SHELF, location)
