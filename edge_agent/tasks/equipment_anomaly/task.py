"""The task around the monitors: one for each asset that the source tells of."""

import re
from collections.abc import Sequence
from functools import lru_cache

from edge_agent.errors import SampleRefused
from edge_agent.sample import Reading, Sample
from edge_agent.task import Context, Finding
from edge_agent.tasks.equipment_anomaly import snapshot
from edge_agent.tasks.equipment_anomaly.limits import known_limits
from edge_agent.tasks.equipment_anomaly.monitor import MODEL, Monitor, new_state
from edge_agent.tasks.equipment_anomaly.settings import Settings
from edge_agent.tasks.equipment_anomaly.snapshot import Snapshot
from edge_agent.tasks.equipment_anomaly.state import AssetState

MOST_CHANNELS, MOST_ASSETS = 64, 64
KEPT_BASELINES = 2
_words = re.compile(r"[^a-z0-9]+")


class EquipmentAnomalyTask:
    """Watches every asset of one source."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._limits = {channel_name(name): limits for name, limits in known_limits(context.profile, context.units).items()}
        self._monitors: dict[str, Monitor] = {}
        self._saved: dict[str, list[AssetState]] = {}

    @property
    def model(self) -> str:
        """The model of every finding."""
        return MODEL

    def observe(self, sample: Sample) -> Sequence[Finding]:
        """Findings of one reading. Raises SampleRefused for a frame, or for more channels or assets than are watched."""
        if not isinstance(sample, Reading):
            raise SampleRefused("not a reading")
        values = {channel_name(name): value for name, value in sample.values.items()}
        if len(values) > MOST_CHANNELS:
            raise SampleRefused(f"more than {MOST_CHANNELS} channels")
        reading = Reading(sample.source_id, sample.taken_at, sample.monotonic_ms, sample.clock, sample.asset, values)
        return self._monitor(reading).observe(reading)

    def finish(self) -> Sequence[Finding]:
        """The summaries that the end of the recording cut short."""
        return [finding for monitor in self._monitors.values() for finding in monitor.finish()]

    def snapshot(self) -> bytes:
        """All states, versioned and with a checksum; of each asset the present one first."""
        states = {asset: list(kept) for asset, kept in self._saved.items()}
        for asset, monitor in self._monitors.items():
            states[asset] = [monitor.saved(), *states.get(asset, [])]
        return snapshot.written(Snapshot(self._settings.learn_s, states))

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot; one made for another learning time starts anew. Raises SnapshotRejected."""
        self._monitors, self._saved = {}, {}
        saved = snapshot.read(state)
        if saved.learn_s == self._settings.learn_s:
            self._saved = saved.assets

    def _monitor(self, reading: Reading) -> Monitor:
        """The asset's monitor. Another list of sensors is another machine, as far as what was learned goes: it begins
        anew, or goes on with what was kept for that list."""
        monitor = self._monitors.get(reading.asset)
        if monitor is not None and reading.values.keys() <= monitor.limits.keys():
            return monitor
        if monitor is None and len(self._monitors) >= MOST_ASSETS:
            raise SampleRefused(f"more than {MOST_ASSETS} assets on one source")
        if monitor is not None:
            self._saved[reading.asset] = [monitor.saved(), *self._saved.get(reading.asset, [])][:KEPT_BASELINES]
        monitor = Monitor(reading.asset, self._state_for(reading), self._limits, self._settings)
        self._monitors[reading.asset] = monitor
        return monitor

    def _state_for(self, reading: Reading) -> AssetState:
        """The kept state with the same channels, else a new one."""
        channels, kept = sorted(reading.values), self._saved.get(reading.asset, [])
        found = next((state for state in kept if state.channels == channels), None)
        if found is None:
            return new_state(channels)
        kept.remove(found)
        return found


@lru_cache(maxsize=1024)
def channel_name(title: str) -> str:
    """A title from a recording's header as a channel name: [a-z][a-z0-9_]*, at most 48 characters."""
    words = _words.sub("_", title.lower()).strip("_")
    return (words if words[:1].isalpha() else f"channel_{words}").rstrip("_")[:48]
