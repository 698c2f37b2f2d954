"""All that is remembered of one asset, as a value that can be saved."""

from datetime import datetime
from typing import Literal, get_args

from msgspec import Struct

from edge_agent.sample import Reading
from edge_agent.tasks.equipment_anomaly.data_quality import JUMP_S, SensorFault, Traces
from edge_agent.tasks.equipment_anomaly.onset import Condition
from edge_agent.tasks.equipment_anomaly.operating import OperatingPoint
from edge_agent.tasks.equipment_anomaly.stretch import Recorder
from edge_agent.tasks.equipment_anomaly.summary import Window
from edge_agent.tasks.equipment_anomaly.watch_state import WatchState

LONGEST_GAP_S, LONGEST_GAP_ROWS = 60.0, 20
Passage = Literal["first", "onward", "gap", "jump", "again", "late"]


class AssetState(Struct, array_like=True):
    """`step_s`: usual time between readings; `watch`: what is learned, None until two readings were heard; `rule` opened the
    anomaly; `faulty`: the channels of each sensor fault that is or was open; `last_ms`: of the boot, or None."""

    channels: list[str]
    recorder: Recorder
    point: OperatingPoint
    traces: Traces
    machine: Condition
    sensors: dict[SensorFault, Condition]
    faulty: dict[SensorFault, list[str]] = {}
    rule: str = ""
    last_at: datetime | None = None
    last_ms: int | None = None
    step_s: float = 0.0
    learned: float = 0.0
    watch: WatchState | None = None
    window: Window | None = None


def is_whole(state: AssetState) -> bool:
    """Whether the parts of a state that was saved speak of the same channels."""
    channels = len(state.channels)
    traces = (state.traces.last, state.traces.silent_s, state.traces.repeats, state.traces.usual, state.traces.varied)
    return (
        channels > 0
        and all(array.shape == (channels,) for array in (*traces, state.traces.repeating_s))
        and state.recorder.rows.shape == (len(state.recorder.times_s), channels)
        and state.recorder.used <= len(state.recorder.times_s)
        and state.sensors.keys() == set(get_args(SensorFault))
        and (state.window is None or state.window.count.shape == state.window.squares.shape == (channels,))
        and (state.watch is None or _is_whole_watch(state.watch, channels))
    )


def _is_whole_watch(watch: WatchState, channels: int) -> bool:
    normal, of_channels, square = watch.normal, (channels,), (channels, channels)
    levels = (normal.centre, normal.spread, normal.slope, normal.location, normal.roam)
    arrays = (*levels, normal.width, normal.weight, normal.rate, normal.reach, normal.share)
    return (
        all(array.shape == of_channels for array in (*arrays, watch.block))
        and watch.cusum.sums.shape == (2, channels)
        and watch.geometry.covariance.shape == watch.geometry.fitted.shape == square
        and watch.ring.shape == (watch.rows, channels)
        and watch.pending.shape == (watch.rows if watch.steps is not None else 0, channels)
        and 0 <= watch.place < watch.rows
        and -1 <= normal.load < channels
        and watch.limits.shape == watch.highest.shape
        and (watch.steps is None or watch.steps.means.shape == watch.steps.noise.shape == (len(watch.steps.means), channels))
        and (watch.maxima is None or watch.maxima.blocks.shape[1:] == watch.limits.shape)
    )


def advance(state: AssetState, reading: Reading) -> tuple[float, Passage]:
    """Seconds since the last reading, and how time passed: onward, over a gap, or by a clock that jumped; a reading that
    came before (`again`, `late`) changes nothing."""
    last_at, last_ms = state.last_at, state.last_ms
    if last_at is None:
        state.last_at, state.last_ms = reading.taken_at, reading.monotonic_ms
        return 0.0, "first"
    elapsed_s = (reading.taken_at - last_at).total_seconds()
    real_s = None if last_ms is None else (reading.monotonic_ms - last_ms) / 1000
    if elapsed_s == 0.0:
        return 0.0, "again"
    if -LONGEST_GAP_S <= elapsed_s < 0 and real_s is not None and real_s < 0:
        return 0.0, "late"
    state.last_at, state.last_ms = reading.taken_at, reading.monotonic_ms
    if reading.clock != "estimated" and real_s is not None and real_s > 0 and abs(elapsed_s - real_s) > JUMP_S:
        return min(real_s, max(state.step_s, 1e-3)), "jump"
    if state.step_s == 0.0 and elapsed_s > 0:
        state.step_s = elapsed_s
    if elapsed_s < 0 or elapsed_s > max(LONGEST_GAP_S, LONGEST_GAP_ROWS * state.step_s):
        return state.step_s, "gap"
    state.step_s += 0.1 * (elapsed_s - state.step_s)
    return elapsed_s, "onward"
