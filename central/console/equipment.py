"""Equipment: is anything about to break? Machines by health; one machine with what it showed and what was expected."""

from datetime import timedelta

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from central.console.alarms import ALARM_NOUNS, panel
from central.console.fragments import Fragment, Look, Page, Rows, show
from central.console.machine_charts import MINUTE_S, Window, beginning, graphs
from central.floor import alarm_book, history
from central.floor.alarm_groups import groups
from central.floor.machines import all_machines, machine_named
from central.store import alarms as book

blueprint = Blueprint("equipment", __name__)

RANGES = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
FIRST_RANGE = "1h"
LONG = ("7d", "30d")  # not drawn again with each reading: a minute more is not seen on them, and they take long to read
MOST_MARKS = 200


def _machines(look: Look) -> Rows:
    machines = all_machines(look.conn, look.site)
    since = look.now - RANGES["1h"]
    recent = {m.machine: history.channels(look.conn, look.site, m.machine, since, look.now) for m in machines}
    standing = groups(alarm_book.open_standing(look.conn, look.site), look.now)
    return {
        "machines": machines,
        "graphs": {
            name: graphs(found, Window(max(since.timestamp(), beginning(found)), look.now.timestamp()))
            for name, found in recent.items()
        },
        "groups": {group.thing: group for group in standing if group.kind == "machine"},
    }


def _machine(look: Look) -> Rows:
    return {"machine": machine_named(look.conn, look.site, look.key) or abort(404)}


def _alarms(look: Look) -> Rows:
    return panel(look, ("machine", "sensor"), look.key)


def _graphs(look: Look) -> Rows:
    name = _range(look.filters.get("range"))
    since = look.now - RANGES[name]
    found = history.channels(look.conn, look.site, look.key, since, look.now)
    odd = history.anomalies(look.conn, look.site, look.key, since)
    machine = machine_named(look.conn, look.site, look.key)
    window = Window(
        start=max(since.timestamp(), beginning(found)),
        end=look.now.timestamp(),
        apart_s=max(MINUTE_S, RANGES[name].total_seconds() / history.MOST_POINTS),
        marks=_marks(look),
    )
    return {
        "graphs": graphs(found, window, odd, machine.profile if machine else None),
        "anomalies": odd[::-1],
        "shown_range": name,
        "ranges": list(RANGES),
    }


def _range(asked: str | None) -> str:
    return asked if asked in RANGES else FIRST_RANGE


def _marks(look: Look) -> list[float]:
    """When something happened to its alarms."""
    ever = [one for one in alarm_book.all_standing(look.conn, look.site, look.key) if one.noun != "device"]
    lines = book.last_lines(look.conn, look.site, [one.alarm for one in ever], MOST_MARKS)
    return sorted({line.at.timestamp() for line in lines})


PAGE = Page(
    "equipment",
    "equipment/page.html",
    (Fragment("machines", "equipment/_machines.html", frozenset({"alarm", "condition", "event"}), _machines),),
)
_HEAD = (
    Fragment("machine", "equipment/_machine.html", frozenset({"condition"}), _machine),
    Fragment("alarms", "alarms/_panel.html", ALARM_NOUNS, _alarms),
)
MACHINE = Page(
    "machine",
    "equipment/machine.html",
    (*_HEAD, Fragment("graphs", "equipment/_graphs.html", frozenset({"alarm", "condition", "event"}), _graphs)),
)
LONG_AGO = Page(
    "machine_long_ago",
    "equipment/machine.html",
    (*_HEAD, Fragment("graphs", "equipment/_graphs.html", frozenset({"condition"}), _graphs)),
)
PAGES = (PAGE, MACHINE, LONG_AGO)


@blueprint.get("/equipment")
def page() -> ResponseReturnValue:
    """All machines, those in trouble first."""
    return show(PAGE)


@blueprint.get("/equipment/<name>")
def machine_page(name: str) -> ResponseReturnValue:
    """One machine; filter `range`."""
    return show(LONG_AGO if _range(request.args.get("range")) in LONG else MACHINE, name)
