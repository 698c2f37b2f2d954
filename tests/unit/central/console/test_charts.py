"""Charts: axes that hold their values, drawings that stay inside, lines that break where readings are missing."""

import re
from itertools import pairwise
from math import isclose

from hypothesis import given
from hypothesis import strategies as st

from central.console.charts import HEIGHT, WIDTH, Chart, Line, drawing

VALUES = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))
POINTS = st.lists(st.tuples(st.floats(0, 1000), VALUES), min_size=1, max_size=40)


def _chart(points: list[tuple[float, float]]) -> Chart:
    return Chart(0, 1000, (Line(sorted(points)),))


@given(POINTS)
def test_the_axis_holds_every_value(points: list[tuple[float, float]]) -> None:
    """No line leaves its axis, and ticks fall at equal steps."""
    ticks = _chart(points).ticks
    assert ticks[-1] <= min(value for _, value in points) + 1e-6
    assert ticks[0] >= max(value for _, value in points) - 1e-6
    steps = [high - low for high, low in pairwise(ticks)]
    assert all(isclose(step, steps[0], rel_tol=1e-6) for step in steps)
    assert 2 <= len(ticks) <= 8


@given(POINTS)
def test_the_drawing_stays_inside(points: list[tuple[float, float]]) -> None:
    """Every coordinate lies in the picture."""
    path = re.search(r'class="line measured" d="([^"]*)"', drawing(_chart(points)))
    assert path is not None
    numbers = [tuple(map(float, pair.split())) for pair in re.findall(r"[ML]([-\d.]+ [-\d.]+)", path[1])]
    assert all(0 <= x <= WIDTH and -0.01 <= y <= HEIGHT + 0.01 for x, y in numbers)


def test_a_line_breaks_where_readings_are_missing() -> None:
    """A gap is not drawn over: nobody measured there."""
    svg = drawing(Chart(0, 100, (Line([(0, 1), (1, 2), (50, 2), (51, 1)], gap=10),)))
    path = re.search(r'class="line measured" d="([^"]*)"', svg)
    assert path is not None
    assert path[1].count("M") == 2


def test_nothing_to_draw_says_so() -> None:
    """An empty chart is known before it is drawn, and can be drawn."""
    chart = Chart(0, 1, (Line([]),))
    assert chart.is_empty
    assert "<svg" in drawing(chart)


def test_ticks_are_told_apart_by_as_few_decimals_as_can_be() -> None:
    """3.2, 3.4, 3.6 need one; 5, 10, 15 none."""
    assert Chart(0, 1, (Line([(0, 3.2), (1, 4.0)]),)).tick_digits == 1
    assert Chart(0, 1, (Line([(0, 1.0), (1, 19.0)]),)).tick_digits == 0


def test_band_and_spans_are_drawn() -> None:
    """What was expected is shaded, what did not fit is outlined."""
    svg = drawing(Chart(0, 10, (Line([(0, 1), (10, 5)]),), band=[(0, 0, 2), (10, 0, 2)], spans=[(4, 8)]))
    assert 'class="band"' in svg
    assert '<rect class="span" x="400.0"' in svg


def test_a_limit_is_drawn_where_it_does_not_flatten_the_lines() -> None:
    """One within the spread of the values is on the chart, one far above them is not; neither hides a value."""
    chart = Chart(0, 10, (Line([(0, 1.0), (5, 3.0)]),), limits=[(4.5, "warning"), (40.0, "alarm")])
    assert chart.near_limits == [(4.5, "warning")]
    assert 4.5 <= chart.ticks[0] < 40
    assert 'class="limit warning"' in drawing(chart)
    assert "alarm" not in drawing(chart)


def test_events_are_ticks_at_the_foot_and_only_those_of_the_time_shown() -> None:
    """One before the beginning is left out."""
    svg = drawing(Chart(0, 10, (Line([(0, 1.0), (5, 3.0)]),), marks=[-1, 5, 10]))
    assert svg.count("v-8") == 2
    assert "M500.0 100v-8" in svg
    assert 'class="mark"' not in drawing(Chart(0, 10, (Line([(0, 1.0)]),), marks=[11]))
