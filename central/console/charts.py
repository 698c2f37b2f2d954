"""Rows to SVG: lines, the band that was expected, the stretches that did not fit. Pure; colours come from the style sheet.

The drawing is stretched to whatever place there is, so lines keep their width and text stays outside, as HTML.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup

WIDTH, HEIGHT = 1000.0, 100.0
TICKS = 4
MARK_HEIGHT = 8.0
LEAST_SPREAD = 0.5  # of the greatest value: flat lines leave room for a limit that is half as high again


@dataclass(frozen=True)
class Line:
    """Values over time (both as numbers), broken where two points lie more than `gap` apart. `style` names its look."""

    points: Sequence[tuple[float, float]]
    style: str = "measured"
    is_stepped: bool = False
    has_dots: bool = False
    gap: float = float("inf")


@dataclass(frozen=True)
class Chart:
    """What to draw between two times. band: (time, low, high); spans: (from, to) of what did not fit.

    limits: (value, style), lines across that are drawn where they do not flatten the rest; marks: times of events.
    """

    start: float
    end: float
    lines: tuple[Line, ...]
    band: Sequence[tuple[float, float, float]] = ()
    spans: Sequence[tuple[float, float]] = ()
    floor: float | None = None  # the axis reaches at least here
    limits: Sequence[tuple[float, str]] = ()
    marks: Sequence[float] = ()

    @property
    def ticks(self) -> list[float]:
        """Round numbers from below the least value to above the greatest, at equal steps, greatest first."""
        values = [*self._values, *(limit for limit, _ in self.near_limits)]
        return _ticks(min(values, default=0.0), max(values, default=1.0))

    @property
    def near_limits(self) -> list[tuple[float, str]]:
        """The limits that lie no farther from the values than these spread."""
        least, greatest = min(self._values, default=0.0), max(self._values, default=1.0)
        spread = max(greatest - least, abs(greatest) * LEAST_SPREAD)
        return [one for one in self.limits if least - spread <= one[0] <= greatest + spread]

    @property
    def _values(self) -> list[float]:
        values = [y for line in self.lines for _, y in line.points]
        values += [y for _, low, high in self.band for y in (low, high)]
        return values + ([] if self.floor is None else [self.floor])

    @property
    def tick_digits(self) -> int:
        """Decimals that tell the ticks apart."""
        step = self.ticks[0] - self.ticks[1]
        return next((digits for digits in range(4) if abs(round(step, digits) - step) < step / 1000), 4)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(line.points for line in self.lines)


def drawing(chart: Chart) -> Markup:
    """The `<svg>` of a chart; the template around it holds axes, legend and table."""
    top, bottom = chart.ticks[0], chart.ticks[-1]

    def x(time: float) -> float:
        share = (time - chart.start) / ((chart.end - chart.start) or 1)
        return round(WIDTH * min(1.0, max(0.0, share)), 1)

    def y(value: float) -> float:
        return round(HEIGHT * (top - value) / (top - bottom), 2)

    grid = "".join(f'<path class="grid" d="M0 {y(tick)}H{WIDTH:g}"/>' for tick in chart.ticks)
    spans = "".join(
        f'<rect class="span" x="{x(begin)}" y="0" width="{max(2.0, x(end) - x(begin)):.1f}" height="{HEIGHT:g}"/>'
        for begin, end in chart.spans
    )
    limits = "".join(f'<path class="limit {style}" d="M0 {y(value)}H{WIDTH:g}"/>' for value, style in chart.near_limits)
    marks = "".join(f"M{x(time)} {HEIGHT:g}v-{MARK_HEIGHT:g}" for time in chart.marks if chart.start <= time <= chart.end)
    band = _closed([(x(t), y(low), y(high)) for t, low, high in chart.band])
    lines = "".join(_line(line, [(x(t), y(v)) for t, v in line.points]) for line in chart.lines)
    return Markup(  # noqa: S704  # numbers and our own class names only
        f'<svg class="plot" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" preserveAspectRatio="none" aria-hidden="true">'
        f"{grid}{band}{spans}{limits}{lines}" + (f'<path class="mark" d="{marks}"/>' if marks else "") + "</svg>"
    )


def _line(line: Line, points: Sequence[tuple[float, float]]) -> str:
    strokes: list[str] = []
    before: float | None = None
    for (time, _), (x, y) in zip(line.points, points, strict=True):
        is_new = before is None or time - before > line.gap
        strokes.append(f"M{x} {y}" if is_new else f"H{x}V{y}" if line.is_stepped else f"L{x} {y}")
        before = time
    path = f'<path class="line {line.style}" d="{"".join(strokes)}"/>'
    dots = "".join(f"M{x} {y}h0" for x, y in points) if line.has_dots or len(points) == 1 else ""
    return path + (f'<path class="dots {line.style}" d="{dots}"/>' if dots else "")


def _closed(points: Iterable[tuple[float, float, float]]) -> str:
    low_to_high = list(points)
    if len(low_to_high) < 2:
        return ""
    there = "L".join(f"{x} {high}" for x, _, high in low_to_high)
    back = "L".join(f"{x} {low}" for x, low, _ in reversed(low_to_high))
    return f'<path class="band" d="M{there}L{back}Z"/>'


def _ticks(least: float, greatest: float) -> list[float]:
    if greatest <= least:
        least, greatest = least - 0.5, greatest + 0.5
    step = _round_step((greatest - least) / TICKS)
    low, high = floor(least / step + 1e-9), ceil(greatest / step - 1e-9)
    return [round(number * step, 10) for number in range(high, low - 1, -1)]


def _round_step(step: float) -> float:
    scale = 10.0 ** floor(log10(step))
    return next(round(scale * nice, 12) for nice in (1, 2, 2.5, 5, 10) if scale * nice >= step * 0.999)
