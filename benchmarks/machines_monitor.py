"""The agent's own monitor shown long tables: quiet stretches in blocks through its watch, everything else row by row.

Both ways end in the same state and say the same; a test holds them against each other. In a block only what cannot happen in
it is left out: values outside their range, sensors that are stuck, starts and stops are shown to the monitor one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from edge_agent.sample import Reading
from edge_agent.task import Finding
from edge_agent.tasks.equipment_anomaly import operating
from edge_agent.tasks.equipment_anomaly.anomalies import Seen
from edge_agent.tasks.equipment_anomaly.data_quality import STUCK_SAMPLES
from edge_agent.tasks.equipment_anomaly.limits import known_limits
from edge_agent.tasks.equipment_anomaly.monitor import Monitor, new_state
from edge_agent.tasks.equipment_anomaly.settings import Settings
from edge_agent.tasks.equipment_anomaly.state import AssetState
from firmware_sim.world.numbers import Floats
from protocols.messages.equipment_anomaly import EquipmentAnomaly
from protocols.sensor_profiles.profile import Profile

Flags = NDArray[np.bool_]
STARTED_AT = datetime(2026, 11, 23, tzinfo=UTC)
MOST_TOGETHER = 1024


@dataclass(frozen=True)
class Said:
    """An anomaly that began or ended at `time_s`."""

    time_s: float
    anomaly: EquipmentAnomaly


class TableMonitor(Monitor):
    """A monitor of one asset that takes rows by the table; `channels` are the names of its columns."""

    def __init__(self, asset: str, profile: Profile, settings: Settings, state: AssetState | None = None) -> None:
        self.channels = [register.name for register in profile.registers]
        super().__init__(asset, state or new_state(self.channels), known_limits(profile, {}), settings)
        self._columns = [self.channels.index(name) for name in self.state.channels]
        self.rows_in_blocks = 0

    def show(self, times_s: Floats, values: Floats) -> list[Said]:
        """What is said of rows `values` (n, p) at `times_s` (n,) seconds after STARTED_AT, evenly spaced."""
        said, start = list[Said](), 0
        step_s = float(times_s[1] - times_s[0]) if len(times_s) > 1 else 0.0
        while start < len(times_s):
            together = self._quiet(values[start : start + MOST_TOGETHER], step_s)
            if together > 1:
                part = slice(start, start + together)
                said += self._block(times_s[part], values[part][:, self._columns], step_s)
            else:
                together, at_s = 1, float(times_s[start])
                row = dict(zip(self.channels, values[start].tolist(), strict=True))
                said += told(at_s, self.observe(reading(self.asset, at_s, row)))
            start += together
        return said

    def _quiet(self, values: Floats, step_s: float) -> int:
        """How many of the next rows can be shown together, 0 when the first cannot."""
        state, drive = self.state, self._known.drive
        is_calm = not any(condition.is_open or condition.since for condition in state.sensors.values())
        if self._watch is None or not is_calm or abs(step_s - state.step_s) > 1e-6:
            return 0
        rows = values[: self._still_learning(step_s), self._columns]
        if not len(rows):
            return 0
        before = np.vstack([state.traces.last, rows])
        change = np.abs(np.diff(before, axis=0))
        ok = np.isfinite(rows).all(axis=1) & (rows >= self._bounds.low).all(axis=1) & (rows <= self._bounds.high).all(axis=1)
        ok &= (change <= self._bounds.most_change).all(axis=1)
        if drive is not None:
            ok &= self._stays(np.abs(rows[:, drive]), step_s)
        is_off = state.point.state == "off"
        if not is_off:
            ok &= (_repeats(change == 0.0, state.traces.repeats) <= STUCK_SAMPLES).all(axis=1)
            low, high = self._engineering_limits(self._watch.state.steps is not None)
            ok &= ~((rows <= low) | (rows >= high)).any(axis=1)
        return len(rows) if ok.all() else int(np.argmin(ok))

    def _still_learning(self, step_s: float) -> int:
        """How many rows it goes on as it is: learned, or certainly not learned before their end."""
        evidence = None if self._watch is None or self._watch.is_learned else self._watch.state.steps
        if evidence is None or self._watch is None:
            return MOST_TOGETHER
        left_s = evidence.target_s - evidence.elapsed_s
        return max(0, int(left_s / step_s) - 2 * self._watch.state.rows)

    def _stays(self, heights: Floats, step_s: float) -> Flags:
        """Where the machine certainly is still off, or still runs."""
        point = self.state.point
        if point.state == "off":
            least = point.peak * (1 - operating.FADING_PER_S * step_s) ** (len(heights) + 1)
            return np.asarray(heights <= operating.ON_ABOVE * least)
        most = max(point.peak, float(heights.max()))
        return np.asarray((heights > operating.OFF_BELOW * most) & (point.state == "steady"))

    def _engineering_limits(self, is_learning: bool) -> tuple[Floats, Floats]:
        """(p,) the limits that speak: of an alarm, or while something is still to be learned of a warning, too."""
        low, high = np.full(len(self.state.channels), -np.inf), np.full(len(self.state.channels), np.inf)
        for place, name in enumerate(self.state.channels):
            known = self.limits[name].engineering
            if known is not None:
                lows = (known.alarm_low, known.warning_low if is_learning else None)
                highs = (known.alarm_high, known.warning_high if is_learning else None)
                low[place] = max((limit for limit in lows if limit is not None), default=-np.inf)
                high[place] = min((limit for limit in highs if limit is not None), default=np.inf)
        return low, high

    def _block(self, times_s: Floats, rows: Floats, step_s: float) -> list[Said]:
        """Rows in the columns' sorted order, among which nothing but the score can change."""
        state, said, drive = self.state, list[Said](), self._known.drive
        self.rows_in_blocks += len(rows)
        if drive is not None:
            for height in rows[:, drive].tolist():
                operating.step(state.point, height, step_s)
        if state.point.state != "off" and self._watch is not None:
            ratios = self._watch.rows(rows, step_s)
            said = self._judged(times_s, rows, ratios, step_s)
        self._hear(times_s, rows, step_s)
        return said

    def _judged(self, times_s: Floats, rows: Floats, ratios: Floats, step_s: float) -> list[Said]:
        said, condition = list[Said](), self.state.machine
        for place, ratio in enumerate(ratios.tolist()):
            if ratio >= 1.0 or condition.is_open or condition.since is not None:
                seen = Seen(self.asset, moment(float(times_s[place])), rows[place], self.limits)
                said += told(float(times_s[place]), self._machine(seen, ratio, None, step_s))
        self.ratio = float(ratios[-1])
        return said

    def _hear(self, times_s: Floats, rows: Floats, step_s: float) -> None:
        """What the monitor remembers of rows besides their scores."""
        state, traces = self.state, self.state.traces
        same = np.diff(np.vstack([traces.last, rows]), axis=0) == 0.0
        repeats = _repeats(same, traces.repeats)
        traces.varied = np.where(same.all(axis=0), traces.varied, 1.0)
        traces.repeats = repeats[-1]
        if state.point.state != "off" and self._watch is not None and not self._watch.is_learned:
            traces.usual = np.maximum(traces.usual, repeats.max(axis=0))
        held = np.where(same.all(axis=0), traces.repeating_s + step_s * len(rows), step_s * (traces.repeats - 1))
        traces.repeating_s, traces.last = held, rows[-1].copy()
        state.last_at, state.last_ms = moment(float(times_s[-1])), round(float(times_s[-1]) * 1000)


def moment(time_s: float) -> datetime:
    """So many seconds after the beginning."""
    return STARTED_AT + timedelta(seconds=time_s)


def reading(asset: str, time_s: float, values: dict[str, float]) -> Reading:
    """One row as the source would give it."""
    return Reading("bench", moment(time_s), round(time_s * 1000), "ntp", asset, dict(values))


def told(time_s: float, findings: Sequence[Finding]) -> list[Said]:
    """The anomalies among what was found at a moment."""
    return [Said(time_s, each.data) for each in findings if isinstance(each.data, EquipmentAnomaly)]


def _repeats(same: Flags, before: Floats) -> Floats:
    """(n, p) how often each value was said in a row, itself counted, going on from `before` (p,)."""
    places = np.arange(1, len(same) + 1)[:, None]
    broken = np.maximum.accumulate(np.where(same, 0, places), axis=0)
    return np.where(broken > 0, places - broken + 1.0, before + places)
