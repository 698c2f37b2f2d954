"""Equipment: is anything about to break? Machines by health; one machine with what it showed and what was expected."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from central.console.alarms import ALARM_NOUNS, panel
from central.console.charts import Chart, Line
from central.console.fragments import Fragment, Look, Page, Rows, show
from central.console.vocabulary import WORDS
from central.floor import history
from central.floor.history import Anomaly, Channel
from central.floor.machines import all_machines, machine_named

blueprint = Blueprint("equipment", __name__)

RANGES = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
FIRST_RANGE = "1h"
MINUTE_S = 60
FEW = 15  # points that are worth a dot each
POINTS_MISSED = 3  # a line is broken where so many in a row are missing


@dataclass(frozen=True)
class Graph:
    """One channel with its drawing."""

    channel: Channel
    chart: Chart

    @property
    def last(self) -> float | None:
        """The newest mean."""
        return self.channel.points[-1].mean if self.channel.points else None


def _machines(look: Look) -> Rows:
    machines = all_machines(look.conn, look.site)
    recent = {
        m.machine: history.channels(look.conn, look.site, m.machine, look.now - RANGES["1h"], look.now) for m in machines
    }
    until, since = look.now.timestamp(), (look.now - RANGES["1h"]).timestamp()
    graphs = {
        name: [_graph(channel, [], max(since, _beginning(found)), until, MINUTE_S) for channel in sorted(found, key=_place)]
        for name, found in recent.items()
    }
    return {"machines": machines, "graphs": graphs}


def _machine(look: Look) -> Rows:
    return {"machine": machine_named(look.conn, look.site, look.key) or abort(404)}


def _alarms(look: Look) -> Rows:
    return panel(look, ("machine", "sensor"), look.key)


def _graphs(look: Look) -> Rows:
    name = look.filters.get("range", FIRST_RANGE)
    name = name if name in RANGES else FIRST_RANGE
    since = look.now - RANGES[name]
    found = history.channels(look.conn, look.site, look.key, since, look.now)
    odd = history.anomalies(look.conn, look.site, look.key, since)
    apart_s = max(MINUTE_S, RANGES[name].total_seconds() / history.MOST_POINTS)
    start, end = max(since.timestamp(), _beginning(found)), look.now.timestamp()
    return {
        "graphs": [_graph(channel, odd, start, end, apart_s) for channel in sorted(found, key=_place)],
        "anomalies": odd[::-1],
        "shown_range": name,
        "ranges": list(RANGES),
    }


def _beginning(found: list[Channel]) -> float:
    """When the first reading was made, so that a machine that was met lately fills its chart."""
    return min((channel.points[0].at.timestamp() for channel in found if channel.points), default=0.0)


def _place(channel: Channel) -> tuple[int, str]:
    """The channels in the order of the vocabulary: vibration says most about a machine."""
    known = list(WORDS["channel"])
    return known.index(channel.name) if channel.name in known else len(known), channel.name


def _graph(channel: Channel, odd: list[Anomaly], start: float, end: float, apart_s: float) -> Graph:
    middle = apart_s / 2  # a summary says how it was from its time on
    points = [(point.at.timestamp() + middle, point.mean) for point in channel.points if point.mean is not None]
    band = [
        (point.at.timestamp() + middle, point.expected_low, point.expected_high)
        for point in channel.points
        if point.expected_low is not None and point.expected_high is not None
    ]
    spans = [(max(start, one.started_at.timestamp()), one.ended_at.timestamp() if one.ended_at else end) for one in odd]
    return Graph(
        channel, Chart(start, end, (Line(points, gap=apart_s * POINTS_MISSED, has_dots=len(points) <= FEW),), band, spans)
    )


PAGE = Page(
    "equipment",
    "equipment/page.html",
    (Fragment("machines", "equipment/_machines.html", frozenset({"condition", "event"}), _machines),),
)
MACHINE = Page(
    "machine",
    "equipment/machine.html",
    (
        Fragment("machine", "equipment/_machine.html", frozenset({"condition"}), _machine),
        Fragment("alarms", "alarms/_panel.html", ALARM_NOUNS, _alarms),
        Fragment("graphs", "equipment/_graphs.html", frozenset({"condition", "event"}), _graphs),
    ),
)
PAGES = (PAGE, MACHINE)


@blueprint.get("/equipment")
def page() -> ResponseReturnValue:
    """All machines, those in trouble first."""
    return show(PAGE)


@blueprint.get("/equipment/<name>")
def machine_page(name: str) -> ResponseReturnValue:
    """One machine; filter `range`."""
    return show(MACHINE, name)
