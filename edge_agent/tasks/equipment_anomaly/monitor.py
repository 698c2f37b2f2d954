"""Watches one asset: judges its sensors, learns its normal, scores it, says onsets, ends and a summary a minute."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import get_args

from edge_agent.sample import Reading
from edge_agent.task import Finding
from edge_agent.tasks.equipment_anomaly import anomalies, baseline, onset, operating, summary
from edge_agent.tasks.equipment_anomaly.data_quality import SensorFault, Trace, judge
from edge_agent.tasks.equipment_anomaly.detectors import Joint
from edge_agent.tasks.equipment_anomaly.features import usable
from edge_agent.tasks.equipment_anomaly.learning import learn
from edge_agent.tasks.equipment_anomaly.limits import ChannelLimits
from edge_agent.tasks.equipment_anomaly.onset import Condition
from edge_agent.tasks.equipment_anomaly.operating import OperatingPoint
from edge_agent.tasks.equipment_anomaly.scoring import NOTHING, Scores, scored
from edge_agent.tasks.equipment_anomaly.settings import Settings
from edge_agent.tasks.equipment_anomaly.state import AssetState, advance
from edge_agent.tasks.equipment_anomaly.stretch import Recorder, record, stretch
from protocols.messages.evidence import Stretch

MODEL = "ewma-mewma-cusum/1"
QUIET = 0.5  # of the limit: only below it does the learned level follow
PERSISTENT: frozenset[SensorFault] = frozenset({"dropout", "stuck"})  # these were waited for already


def new_state(channels: Sequence[str], settings: Settings) -> AssetState:
    """Nothing known of an asset but its channels."""
    return AssetState(
        channels=sorted(channels),
        learning=baseline.begin(channels, settings.learn_s),
        recorder=Recorder(channels=sorted(channels)),
        point=OperatingPoint(),
        traces={name: Trace() for name in sorted(channels)},
        joint=Joint(),
        machine=Condition(),
        sensors={fault: Condition() for fault in get_args(SensorFault)},
    )


class Monitor:
    """`state` is everything it remembers; `limits` has an entry for each of its channels."""

    def __init__(self, asset: str, state: AssetState, limits: Mapping[str, ChannelLimits], settings: Settings) -> None:
        self.asset = asset
        self.state = state
        self.limits = {name: limits.get(name, ChannelLimits()) for name in state.channels}
        self._settings = settings

    def observe(self, reading: Reading) -> list[Finding]:
        """What follows from one more reading of this asset."""
        state = self.state
        before = state.last_at
        elapsed_s, is_gap = advance(state, reading.taken_at)
        findings = self._close_window(before) if is_gap else []
        record(state.recorder, reading)
        drive = operating.drive_channel(reading.values)
        running = operating.step(state.point, usable(reading.values[drive]) if drive else None, elapsed_s)
        faults = self._faults(reading, elapsed_s)
        good = {
            name: number
            for name in state.channels
            if name not in faults and (number := usable(reading.values.get(name))) is not None
        }
        scores = NOTHING
        if good and running in ("steady", "unknown"):
            learn(state, good, self.limits, elapsed_s, self._settings.sensitivity)
            scores = scored(state, good, self.limits, elapsed_s)
            # While a sensor is out, an open anomaly may not end: what opened it may be what cannot be seen.
            if not (faults and state.machine.is_open):
                findings += self._machine(reading, scores, elapsed_s)
            self._follow(good, scores, elapsed_s)
        findings += self._sensors(reading, faults, elapsed_s)
        return findings + self._summarise(reading.taken_at, good, scores, elapsed_s)

    def finish(self) -> list[Finding]:
        """The summary of a window that a recording's end cut short."""
        return self._close_window(self.state.last_at)

    def _faults(self, reading: Reading, elapsed_s: float) -> dict[str, SensorFault]:
        is_off = self.state.point.state == "off"
        faults = {}
        for name in self.state.channels:
            fault = judge(self.state.traces[name], reading.values.get(name), elapsed_s, self.limits[name])
            if fault is not None and not (is_off and fault == "stuck"):
                faults[name] = fault
        return faults

    def _machine(self, reading: Reading, scores: Scores, elapsed_s: float) -> list[Finding]:
        condition = self.state.machine
        since = condition.since or reading.taken_at
        phase = onset.step(
            condition, scores.highest, reading.taken_at, elapsed_s, self._settings.on_delay_s, self._settings.off_delay_s
        )
        if phase is None:
            return []
        if phase == "onset":
            self.state.rule = scores.rule
        message = anomalies.machine_anomaly(self.state, reading, scores, self.limits, phase, since)
        return [Finding(message, urgent=phase == "onset", evidence=self._evidence(phase), model=MODEL)]

    def _sensors(self, reading: Reading, faults: Mapping[str, SensorFault], elapsed_s: float) -> list[Finding]:
        return [
            finding
            for rule in self.state.sensors
            for finding in self._sensor(reading, rule, [name for name in faults if faults[name] == rule], elapsed_s)
        ]

    def _sensor(self, reading: Reading, rule: SensorFault, faulty: list[str], elapsed_s: float) -> list[Finding]:
        condition = self.state.sensors[rule]
        since = condition.since or anomalies.began(self.state, faulty, reading.taken_at)
        self.state.faulty[rule] = faulty or self.state.faulty.get(rule, [])
        on_delay_s = 0.0 if rule in PERSISTENT else self._settings.on_delay_s
        phase = onset.step(condition, 1.0 if faulty else 0.0, since, elapsed_s, on_delay_s, self._settings.off_delay_s)
        if phase is None:
            return []
        named = self.state.faulty[rule]
        message = anomalies.sensor_anomaly(self.state, reading, rule, named, self.limits, phase, since)
        return [Finding(message, urgent=phase == "onset", evidence=self._evidence(phase), model=MODEL)]

    def _follow(self, good: Mapping[str, float], scores: Scores, elapsed_s: float) -> None:
        if scores.highest >= QUIET or self.state.machine.is_open:
            return
        for name, value in good.items():
            if name in self.state.normals:
                baseline.follow(self.state.normals[name], value, elapsed_s)

    def _summarise(self, at: datetime, good: Mapping[str, float], scores: Scores, elapsed_s: float) -> list[Finding]:
        window = self.state.window
        if window is None:
            window = self.state.window = summary.Window(started_at=at)
            elapsed_s = 0.0
        summary.add(window, good, self.state.point.state, scores.highest, elapsed_s)
        return self._close_window(at) if window.lasted_s >= self._settings.window_s else []

    def _close_window(self, at: datetime | None) -> list[Finding]:
        window, self.state.window = self.state.window, None
        if window is None:
            return []
        expected = {name: anomalies.expected(self.state, name, self.limits[name]) for name in self.state.channels}
        told = {
            name: summary.Expectation(self.limits[name].unit, normal.low, normal.high) for name, normal in expected.items()
        }
        message = summary.summarised(window, self.asset, self.state.learned, told)
        return [Finding(message, urgent=False, model=MODEL, occurred_at=at)]

    def _evidence(self, phase: anomalies.Phase) -> Stretch | None:
        if phase == "end":
            return None
        return stretch(self.state.recorder, self.asset, {name: limits.unit for name, limits in self.limits.items()})
