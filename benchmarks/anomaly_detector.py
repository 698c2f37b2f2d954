"""The product's own watcher over a table of rows: the settings every benchmark of it uses, and what it says of each row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.sample import Reading
from edge_agent.tasks.equipment_anomaly.limits import ChannelLimits
from edge_agent.tasks.equipment_anomaly.monitor import Monitor, new_state
from edge_agent.tasks.equipment_anomaly.onset import DEADBAND
from edge_agent.tasks.equipment_anomaly.settings import Settings
from edge_agent.tasks.equipment_anomaly.task import channel_name
from protocols.messages.equipment_anomaly import EquipmentAnomaly

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
SETTINGS = Settings()
STARTED_AT = datetime(2026, 11, 24, tzinfo=UTC)


@dataclass(frozen=True)
class Series:
    """One recording. `values` (n, p); `times_s` (n,) from its start; `channels` as its header names them."""

    name: str
    times_s: Numbers
    values: Numbers
    channels: Sequence[str]

    @property
    def step_s(self) -> float:
        """The usual time between rows."""
        return float(np.median(np.diff(self.times_s)))


@dataclass(frozen=True)
class Heard:
    """What was said of each row (n,): the fused score over its limit, and where an anomaly of the machine or
    of a sensor was told: a line gone flat is one of a sensor."""

    ratios: Numbers
    onsets: Flags


def listen(series: Series, learn_rows: int, settings: Settings = SETTINGS) -> Heard:
    """Show every row to a new watcher that learns from the first `learn_rows`; nothing else is set for a series."""
    names = [channel_name(title) for title in series.channels]
    chosen = msgspec.structs.replace(settings, learn_s=max(20.0, learn_rows * series.step_s))
    monitor = Monitor("asset", new_state(names), {name: ChannelLimits() for name in names}, chosen)
    ratios, onsets = np.zeros(len(series.values)), np.zeros(len(series.values), dtype=bool)
    rows = zip(series.times_s.tolist(), series.values.tolist(), strict=True)
    for place, (time_s, values) in enumerate(rows):
        at = STARTED_AT + timedelta(seconds=time_s)
        findings = monitor.observe(
            Reading("recording", at, int(time_s * 1000), "ntp", "asset", dict(zip(names, values, strict=True)))
        )
        ratios[place] = monitor.ratio
        told = (finding.data for finding in findings if isinstance(finding.data, EquipmentAnomaly))
        onsets[place] = any(each.phase == "onset" for each in told)
    return Heard(ratios, onsets)


def outside(ratios: Numbers) -> Flags:
    """Rows beyond the limit, with the product's deadband: once beyond, a row is within again only below it."""
    flags, is_outside = np.zeros(len(ratios), dtype=bool), False
    for place, ratio in enumerate(ratios.tolist()):
        is_outside = ratio >= (DEADBAND if is_outside else 1.0)
        flags[place] = is_outside
    return flags


def changes(flags: Flags) -> Flags:
    """Rows where an anomaly begins or ends."""
    edges = np.zeros(len(flags), dtype=bool)
    edges[1:] = flags[1:] != flags[:-1]
    return edges
