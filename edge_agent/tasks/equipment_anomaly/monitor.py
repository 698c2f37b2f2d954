"""Watches one asset: judges its sensors, learns its normal, scores it, says onsets, ends and a summary a minute."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import inf
from typing import get_args

import numpy as np

from edge_agent.errors import SampleRefused
from edge_agent.sample import Reading
from edge_agent.task import Finding
from edge_agent.tasks.equipment_anomaly import anomalies, onset, operating, scoring, stretch, summary
from edge_agent.tasks.equipment_anomaly.anomalies import Phase, Seen
from edge_agent.tasks.equipment_anomaly.arrays import Array, Mask
from edge_agent.tasks.equipment_anomaly.channels import known
from edge_agent.tasks.equipment_anomaly.data_quality import Bounds, SensorFault, judge, learn_repeats, nothing_heard
from edge_agent.tasks.equipment_anomaly.limits import ChannelLimits
from edge_agent.tasks.equipment_anomaly.onset import Condition
from edge_agent.tasks.equipment_anomaly.operating import OperatingPoint
from edge_agent.tasks.equipment_anomaly.settings import Settings
from edge_agent.tasks.equipment_anomaly.state import AssetState, advance
from edge_agent.tasks.equipment_anomaly.watch import Watch
from edge_agent.tasks.equipment_anomaly.watch_state import Tuning, begin
from protocols.messages.evidence import Stretch

MODEL = "window-t2-pca-cusum/2"
SHORTEST_WINDOWS = 5  # that an anomaly lasts at least
LARGEST = 1e100  # what is larger is no reading, and its square would be no number
PERSISTENT: frozenset[SensorFault] = frozenset({"dropout", "stuck", "clock_jump"})  # waited for already, or over at once


def new_state(channels: Sequence[str]) -> AssetState:
    """Nothing known of an asset but its channels."""
    names = sorted(channels)
    return AssetState(
        channels=names,
        recorder=stretch.recorder(len(names)),
        point=OperatingPoint(),
        traces=nothing_heard(len(names)),
        machine=Condition(),
        sensors={fault: Condition() for fault in get_args(SensorFault)},
    )


class Monitor:
    """`state` is everything it remembers; `limits` has an entry for each of its channels; `ratio` is the score of the last
    reading over its limit."""

    def __init__(self, asset: str, state: AssetState, limits: Mapping[str, ChannelLimits], settings: Settings) -> None:
        self.asset = asset
        self.state = state
        self.ratio = 0.0
        self.limits = {name: limits.get(name, ChannelLimits()) for name in state.channels}
        self._settings = settings
        self._tuning = Tuning(settings.learn_s, settings.alarms_per_month, settings.sensitivity)
        self._known = known(state.channels, self.limits)
        self._bounds = Bounds(state.channels, self.limits)
        self._engineering = scoring.Engineering(state.channels, self.limits)
        self._watch = None if state.watch is None else Watch(state.watch, self._known, self._tuning)

    def observe(self, reading: Reading) -> list[Finding]:
        """What follows from one more reading. Raises SampleRefused for one that was heard before or comes too late."""
        state, before = self.state, self.state.last_at
        elapsed_s, passage = advance(state, reading)
        if passage in ("again", "late"):
            raise SampleRefused("heard before" if passage == "again" else "older than what was heard")
        findings = self._interrupted(before) if passage in ("gap", "jump") else []
        seen = Seen(self.asset, reading.taken_at, self._values(reading), self.limits)
        stretch.record(state.recorder, seen.at, seen.values)
        running = self._running(seen, elapsed_s)
        faults = judge(state.traces, seen.values, elapsed_s, self._bounds)
        if running == "off":
            faults.pop("stuck", None)
        good = self._good(seen, faults)
        ratio = 0.0
        if running in ("steady", "unknown") and (good is None or good.any()):
            ratio, told = self._score(seen, good, bool(faults), elapsed_s)
            findings += told
        self.ratio = ratio
        findings += self._sensors(seen, faults, passage == "jump", elapsed_s)
        return findings + self._summarise(seen, good, ratio, elapsed_s)

    def finish(self) -> list[Finding]:
        """The summary of a window that a recording's end cut short."""
        return self._close_window(self.state.last_at)

    def saved(self) -> AssetState:
        """The state as it goes to the disk; after a restart monotonic time begins anew."""
        state = self.state
        return AssetState(
            **{
                name: getattr(state, name)
                for name in state.__struct_fields__
                if name not in ("recorder", "last_ms", "watch")
            },
            recorder=stretch.trimmed(state.recorder),
            watch=None if self._watch is None else self._watch.state,
        )

    def _values(self, reading: Reading) -> Array:
        """(p,) in the order of the channels; NaN where a value is missing, infinite or absurdly large."""
        values = np.array([reading.values.get(name) for name in self.state.channels], dtype=np.float64)
        sound = np.abs(values) <= LARGEST
        return values if sound.all() else np.where(sound, values, np.nan)

    def _running(self, seen: Seen, elapsed_s: float) -> str:
        point, drive = self.state.point, self._known.drive
        was_running = point.state in ("steady", "unknown")
        value = None if drive is None or not np.isfinite(seen.values[drive]) else float(seen.values[drive])
        running = operating.step(point, value, elapsed_s)
        if was_running and running not in ("steady", "unknown") and self._watch is not None:
            self._watch.forget_window()
        return running

    def _good(self, seen: Seen, faults: Mapping[SensorFault, Mask]) -> Mask | None:
        """Which values may be learned and scored; None: all."""
        good = np.isfinite(seen.values)
        for mask in faults.values():
            good &= ~mask
        return None if good.all() else good

    def _score(self, seen: Seen, good: Mask | None, is_faulty: bool, elapsed_s: float) -> tuple[float, list[Finding]]:
        state, watched = self.state, self._watching(seen, elapsed_s)
        ratio = 0.0
        if watched is not None:
            if not watched.is_learned:
                learn_repeats(state.traces)
            ratio = watched.row(seen.values, good, elapsed_s or state.step_s)
            state.learned = max(state.learned, watched.progress())
        learned = self._nothing_learned if watched is None else watched.state.normal.weight > 0
        engineering = self._engineering.ratios(seen.values, good, learned)
        if engineering is not None:
            ratio = max(ratio, float(engineering.max()))
        # While a sensor is out, an open anomaly may not end: what opened it may be what cannot be seen.
        if is_faulty and state.machine.is_open:
            return ratio, []
        return ratio, self._machine(seen, ratio, engineering, elapsed_s)

    @property
    def _nothing_learned(self) -> Mask:
        return np.zeros(len(self.state.channels), dtype=bool)

    def _watching(self, seen: Seen, elapsed_s: float) -> Watch | None:
        """The watch, begun with the second reading: only then the time between readings is known."""
        if self._watch is None and elapsed_s > 0:
            self._watch = Watch(begin(seen.values, self._tuning, elapsed_s), self._known, self._tuning)
            self.state.watch = self._watch.state
        return self._watch

    @property
    def _shortest_s(self) -> float:
        """How long an anomaly stays open at least: ended any sooner it would only be followed by another."""
        return 0.0 if self._watch is None else SHORTEST_WINDOWS * self._watch.state.rows * self.state.step_s

    def _machine(self, seen: Seen, ratio: float, engineering: Array | None, elapsed_s: float) -> list[Finding]:
        condition, settings = self.state.machine, self._settings
        since = condition.since or seen.at
        off_delay_s = settings.off_delay_s
        if condition.is_open and (seen.at - since).total_seconds() < self._shortest_s:
            off_delay_s = inf
        phase = onset.step(condition, ratio, seen.at, elapsed_s, settings.on_delay_s, off_delay_s)
        if phase is None:
            return []
        scores = scoring.explained(self.state.channels, self._watch, engineering)
        if phase == "onset":
            self.state.rule = scores.rule
        message = anomalies.machine_anomaly(self.state, seen, scores, phase, since)
        return [Finding(message, urgent=phase == "onset", evidence=self._evidence(phase), model=MODEL)]

    def _sensors(self, seen: Seen, faults: Mapping[SensorFault, Mask], jumped: bool, elapsed_s: float) -> list[Finding]:
        findings = []
        for rule, condition in self.state.sensors.items():
            mask = faults.get(rule)
            faulty = [] if mask is None else [self.state.channels[place] for place in np.flatnonzero(mask)]
            if rule == "clock_jump" and jumped:
                faulty = list(self.state.channels)
            if faulty or condition.is_open or condition.since is not None:
                findings += self._sensor(seen, rule, faulty, elapsed_s)
        return findings

    def _sensor(self, seen: Seen, rule: SensorFault, faulty: list[str], elapsed_s: float) -> list[Finding]:
        condition, settings = self.state.sensors[rule], self._settings
        since = condition.since or anomalies.began(self.state, faulty, seen.at)
        self.state.faulty[rule] = faulty or self.state.faulty.get(rule, [])
        on_delay_s = 0.0 if rule in PERSISTENT else settings.on_delay_s
        phase = onset.step(condition, 1.0 if faulty else 0.0, since, elapsed_s, on_delay_s, settings.off_delay_s)
        if phase is None:
            return []
        message = anomalies.sensor_anomaly(self.state, seen, rule, self.state.faulty[rule], phase, since)
        return [Finding(message, urgent=phase == "onset", evidence=self._evidence(phase), model=MODEL)]

    def _interrupted(self, before: datetime | None) -> list[Finding]:
        """Time was not watched, or the clock cannot say how much: windows begin anew."""
        if self._watch is not None:
            self._watch.forget_window()
        return self._close_window(before)

    def _summarise(self, seen: Seen, good: Mask | None, ratio: float, elapsed_s: float) -> list[Finding]:
        window = self.state.window
        if window is None:
            window = self.state.window = summary.opened(seen.at, len(self.state.channels))
            elapsed_s = 0.0
        summary.add(window, seen.values, good, self.state.point.state, ratio, elapsed_s)
        return self._close_window(seen.at) if window.lasted_s >= self._settings.window_s else []

    def _close_window(self, at: datetime | None) -> list[Finding]:
        window, self.state.window = self.state.window, None
        if window is None:
            return []
        usual = zip(self.state.channels, anomalies.expected(self.state, self.limits), strict=True)
        told = {name: summary.Expectation(self.limits[name].unit, each.low, each.high) for name, each in usual}
        message = summary.summarised(window, self.asset, self.state.learned, self.state.channels, told)
        return [Finding(message, urgent=False, model=MODEL, occurred_at=at)]

    def _evidence(self, phase: Phase) -> Stretch | None:
        if phase == "end":
            return None
        units = {name: limits.unit for name, limits in self.limits.items()}
        return stretch.stretch(self.state.recorder, self.asset, self.state.channels, units)
