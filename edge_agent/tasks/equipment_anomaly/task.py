"""The task around the monitors: one for each asset that the source tells of."""

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec
from msgspec import Struct

from edge_agent.errors import SampleRefused, SnapshotRejected
from edge_agent.sample import Reading, Sample
from edge_agent.task import Context, Finding
from edge_agent.tasks.equipment_anomaly.limits import known_limits
from edge_agent.tasks.equipment_anomaly.monitor import MODEL, Monitor, new_state
from edge_agent.tasks.equipment_anomaly.settings import Settings
from edge_agent.tasks.equipment_anomaly.state import AssetState, is_whole

SNAPSHOT_VERSION = 1
MOST_CHANNELS, MOST_ASSETS = 64, 64
_words = re.compile(r"[^a-z0-9]+")


class Snapshot(Struct):
    """Saved state: by asset. `settings`: another learning time starts anew."""

    version: int
    learn_s: float
    assets: dict[str, AssetState]


class EquipmentAnomalyTask:
    """Watches every asset of one source."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._limits = {channel_name(name): limits for name, limits in known_limits(context.profile, context.units).items()}
        self._monitors: dict[str, Monitor] = {}
        self._saved: dict[str, AssetState] = {}

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
        """All monitors' states as JSON."""
        states = self._saved | {asset: monitor.state for asset, monitor in self._monitors.items()}
        return msgspec.json.encode(Snapshot(SNAPSHOT_VERSION, self._settings.learn_s, states))

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot; one made for another learning time starts anew. Raises SnapshotRejected."""
        self._monitors, self._saved = {}, {}
        try:
            saved = msgspec.json.decode(state, type=Snapshot)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SnapshotRejected(f"equipment_anomaly: {error}; learning starts again") from error
        if saved.version != SNAPSHOT_VERSION:
            raise SnapshotRejected(f"equipment_anomaly: state version {saved.version}, this is {SNAPSHOT_VERSION}")
        if not all(map(is_whole, saved.assets.values())):
            raise SnapshotRejected("equipment_anomaly: parts of the state do not fit each other; learning starts again")
        if saved.learn_s == self._settings.learn_s:
            self._saved = saved.assets

    def _monitor(self, reading: Reading) -> Monitor:
        """The asset's monitor; a channel never heard of before starts it anew."""
        monitor = self._monitors.get(reading.asset)
        if monitor is not None and reading.values.keys() <= monitor.limits.keys():
            return monitor
        if monitor is None and len(self._monitors) >= MOST_ASSETS:
            raise SampleRefused(f"more than {MOST_ASSETS} assets on one source")
        monitor = Monitor(reading.asset, self._first_state(reading), self._limits, self._settings)
        self._monitors[reading.asset] = monitor
        return monitor

    def _first_state(self, reading: Reading) -> AssetState:
        """The saved state where it has the same channels, else a new one."""
        saved, channels = self._saved.pop(reading.asset, None), sorted(reading.values)
        return saved if saved is not None and saved.channels == channels else new_state(channels, self._settings)


@lru_cache(maxsize=1024)
def channel_name(title: str) -> str:
    """A title from a recording's header as a channel name: [a-z][a-z0-9_]*, at most 48 characters."""
    words = _words.sub("_", title.lower()).strip("_")
    return (words if words[:1].isalpha() else f"channel_{words}").rstrip("_")[:48]
