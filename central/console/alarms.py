"""Alarms on their own pages: how well they work as a whole, and those of one device. Their panel stands on machines too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from central.console.alarm_words import REASONS, SPANS
from central.console.charts import Chart, Line
from central.console.fragments import Fragment, Look, Page, Rows, show
from central.floor import alarm_book, alarm_health, alarms
from central.floor.alarm_book import Standing
from central.floor.alarm_evidence import worst_channels
from central.floor.alarm_health import STALE_AFTER, Health, Raise
from central.floor.alarms import Priority
from central.store import alarms as book
from central.store import devices

blueprint = Blueprint("alarms", __name__)

RANGES = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
FIRST_RANGE = "24h"
STEPS = 24  # bars of the chart
LINES_SHOWN = 40
ALARM_NOUNS = frozenset({"alarm"})


@dataclass(frozen=True)
class Figure:
    """One figure of the standard: what it is here and what it should be at most; `code` names it."""

    code: str
    here: float
    most: float

    @property
    def is_above(self) -> bool:
        """Whether it is more than the standard wants."""
        return self.here > self.most


def panel(look: Look, nouns: Sequence[str], thing: str) -> Rows:
    """The alarms of one thing that are not plainly over, the gravest first, and the journal of all it ever had."""
    ever = [one for one in alarm_book.all_standing(look.conn, look.site, thing) if one.noun in nouns]
    standing = [one for one in ever if alarms.state(one.life, look.now) != "normal"]
    return {
        "alarms": sorted(standing, key=_urgency),
        "worst": worst_channels(look.conn, standing),
        "lines": book.last_lines(look.conn, look.site, [one.alarm for one in ever], LINES_SHOWN),
        "spans": SPANS,
        "put_away_reasons": REASONS,
    }


def _urgency(one: Standing) -> tuple[bool, int, str]:
    return one.life.is_acknowledged, one.life.priority, one.rule


def _of_device(look: Look) -> Rows:
    if devices.get(look.conn, look.key) is None:
        abort(404)
    return panel(look, ("device",), look.key)


def _health(look: Look) -> Rows:
    name = look.filters.get("range", FIRST_RANGE)
    name = name if name in RANGES else FIRST_RANGE
    since = look.now - RANGES[name]
    lines = book.journal(look.conn, look.site, what="raised", since=since)
    raises = [Raise(line.alarm, line.thing, line.at, cast(Priority, line.priority)) for line in lines]
    health = alarm_health.health(raises, since, look.now)
    steps = _steps(raises, since, look.now)
    standing = alarm_book.open_standing(look.conn, look.site)
    stale = [one for one in standing if one.life.is_active and _held(one, look.now) > STALE_AFTER]
    return {
        "health": health,
        "figures": _figures(health, len(stale)),
        "shares": _shares(health),
        "stale": sorted(stale, key=lambda one: _held(one, look.now), reverse=True),
        "away": [one for one in standing if _is_away(one, look.now)],
        "steps": steps,
        "rate": _rate(steps, since, look.now),
        "shown_range": name,
        "ranges": list(RANGES),
    }


def _held(one: Standing, now: datetime) -> timedelta:
    return now - (one.life.raised_at or now)


def _is_away(one: Standing, now: datetime) -> bool:
    return alarms.state(one.life, now) in ("shelved", "suppressed_by_design", "out_of_service")


def _figures(health: Health, stale: int) -> list[Figure]:
    """Against what one person can bear, by ISA-18.2 and EEMUA 191."""
    return [
        Figure("per_hour", health.per_hour, 6),
        Figure("busiest", health.busiest, 10),
        Figure("floods", len(health.floods), 0),
        Figure("chattering", len(health.chattering), 0),
        Figure("stale", stale, 4),
    ]


def _shares(health: Health) -> list[tuple[str, float, float]]:
    """Priority, its share, the share that the standard wants (about)."""
    low = health.shares.get(3, 0.0) + health.shares.get(4, 0.0)
    return [("1", health.shares.get(1, 0.0), 0.05), ("2", health.shares.get(2, 0.0), 0.15), ("3–4", low, 0.8)]


def _steps(raises: Sequence[Raise], since: datetime, now: datetime) -> list[tuple[datetime, int]]:
    """Activations in stretches of equal length, each with its beginning."""
    length = (now - since) / STEPS
    places = [int((one.at - since) / length) for one in raises]
    return [(since + length * step, places.count(step)) for step in range(STEPS)]


def _rate(steps: Sequence[tuple[datetime, int]], since: datetime, now: datetime) -> Chart:
    points = [(at.timestamp(), float(number)) for at, number in steps]
    last = [(now.timestamp(), points[-1][1])]  # a step holds until the next one begins
    return Chart(since.timestamp(), now.timestamp(), (Line(points + last, is_stepped=True),), floor=0)


PAGE = Page("alarms", "alarms/page.html", (Fragment("health", "alarms/_health.html", ALARM_NOUNS, _health),))
DEVICE = Page("device_alarms", "alarms/device.html", (Fragment("alarms", "alarms/_panel.html", ALARM_NOUNS, _of_device),))
PAGES = (PAGE, DEVICE)


@blueprint.get("/equipment/alarms")
def page() -> ResponseReturnValue:
    """Alarm health; filter `range`."""
    return show(PAGE)


@blueprint.get("/equipment/alarms/device/<name>")
def device_page(name: str) -> ResponseReturnValue:
    """The alarms about one edge device."""
    return show(DEVICE, name)
