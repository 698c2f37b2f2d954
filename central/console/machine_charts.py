"""What the sensors of a machine showed, each with its learned band, its limits and what happened meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass

from central.console.charts import Chart, Line
from central.console.vocabulary import WORDS
from central.floor.history import Anomaly, Channel
from protocols.errors import BadProfile
from protocols.sensor_profiles.profile import Limits, load

MINUTE_S = 60
FEW = 15  # points that are worth a dot each
POINTS_MISSED = 3  # a line is broken where so many in a row are missing


@dataclass(frozen=True)
class Graph:
    """One channel with its drawing, and the limits that its register has by the machine's profile."""

    channel: Channel
    chart: Chart
    limits: Limits | None = None

    @property
    def last(self) -> float | None:
        """The newest mean."""
        return self.channel.points[-1].mean if self.channel.points else None


@dataclass(frozen=True)
class Window:
    """Between which times (seconds), how far apart points are, and the times of what happened to the machine's alarms."""

    start: float
    end: float
    apart_s: float = MINUTE_S
    marks: Sequence[float] = ()


def graphs(found: Sequence[Channel], window: Window, odd: Sequence[Anomaly] = (), profile: str | None = None) -> list[Graph]:
    """One for each channel, what says most about a machine first."""
    limits = limits_of(profile)
    return [_graph(channel, window, odd, limits.get(channel.name)) for channel in sorted(found, key=_place)]


def beginning(found: Sequence[Channel]) -> float:
    """When the first reading was made, so that a machine that was met lately fills its chart."""
    return min((channel.points[0].at.timestamp() for channel in found if channel.points), default=0.0)


def limits_of(profile: str | None) -> dict[str, Limits]:
    """Channel → its engineering limits; none for a profile that only the device has."""
    try:
        registers = load(profile).registers if profile else ()
    except BadProfile:
        return {}
    return {register.name: register.limits for register in registers if register.limits}


def _place(channel: Channel) -> tuple[int, str]:
    """The channels in the order of the vocabulary: vibration says most about a machine."""
    known = list(WORDS["channel"])
    return known.index(channel.name) if channel.name in known else len(known), channel.name


def _graph(channel: Channel, window: Window, odd: Sequence[Anomaly], limits: Limits | None) -> Graph:
    middle = window.apart_s / 2  # a summary says how it was from its time on
    points = [(point.at.timestamp() + middle, point.mean) for point in channel.points if point.mean is not None]
    band = [
        (point.at.timestamp() + middle, point.expected_low, point.expected_high)
        for point in channel.points
        if point.expected_low is not None and point.expected_high is not None
    ]
    line = Line(points, gap=window.apart_s * POINTS_MISSED, has_dots=len(points) <= FEW)
    spans = [_span(one, window) for one in odd]
    chart = Chart(window.start, window.end, (line,), band, spans, limits=_lines(limits), marks=window.marks)
    return Graph(channel, chart, limits)


def _span(one: Anomaly, window: Window) -> tuple[float, float]:
    return max(window.start, one.started_at.timestamp()), one.ended_at.timestamp() if one.ended_at else window.end


def _lines(limits: Limits | None) -> list[tuple[float, str]]:
    if limits is None:
        return []
    sides = (
        (limits.warning_low, "warning"),
        (limits.warning_high, "warning"),
        (limits.alarm_low, "alarm"),
        (limits.alarm_high, "alarm"),
    )
    return [(value, style) for value, style in sides if value is not None]
