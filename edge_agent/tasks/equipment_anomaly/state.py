"""All that is remembered of one asset, as a value that can be saved."""

from datetime import datetime
from typing import get_args

from msgspec import Struct

from edge_agent.tasks.equipment_anomaly.baseline import Learning, Normal
from edge_agent.tasks.equipment_anomaly.data_quality import SensorFault, Trace
from edge_agent.tasks.equipment_anomaly.detectors import ChannelMemory, Joint
from edge_agent.tasks.equipment_anomaly.onset import Condition
from edge_agent.tasks.equipment_anomaly.operating import OperatingPoint
from edge_agent.tasks.equipment_anomaly.stretch import Recorder
from edge_agent.tasks.equipment_anomaly.summary import Window

LONGEST_GAP_S = 60.0


class AssetState(Struct):
    """`step_s`: usual time between readings; `normals`, `memories`: of the learned channels; `rule` opened the anomaly;
    `faulty`: the channels of each sensor fault that is or was last open."""

    channels: list[str]
    learning: Learning | None
    recorder: Recorder
    point: OperatingPoint
    traces: dict[str, Trace]
    joint: Joint
    machine: Condition
    sensors: dict[SensorFault, Condition]
    faulty: dict[SensorFault, list[str]] = {}
    rule: str = ""
    last_at: datetime | None = None
    step_s: float = 0.0
    learned: float = 0.0
    normals: dict[str, Normal] = {}
    memories: dict[str, ChannelMemory] = {}
    window: Window | None = None


def is_whole(state: AssetState) -> bool:
    """Whether the parts of a state that was saved speak of the same channels."""
    channels = set(state.channels)
    learning, joint = state.learning, state.joint
    return (
        state.traces.keys() == channels
        and state.recorder.channels == state.channels
        and all(len(row.values) == len(state.channels) for row in state.recorder.rows)
        and state.sensors.keys() == set(get_args(SensorFault))
        and state.normals.keys() == state.memories.keys() <= channels
        and set(joint.names) <= state.normals.keys()
        and [len(row) for row in joint.precision] == [len(joint.names)] * len(joint.names)
        and (learning is None or set(learning.names) <= channels)
        and (learning is None or all(len(row) == len(learning.names) for row in learning.rows))
    )


def advance(state: AssetState, at: datetime) -> tuple[float, bool]:
    """Seconds since the last reading, and whether there is a gap: readings missing, or a clock that was set."""
    last, state.last_at = state.last_at, at
    if last is None:
        return 0.0, False
    elapsed_s = (at - last).total_seconds()
    if state.step_s == 0.0 and elapsed_s > 0:
        state.step_s = elapsed_s
    if elapsed_s < 0 or elapsed_s > max(LONGEST_GAP_S, 5 * state.step_s):
        return state.step_s, True
    state.step_s += 0.1 * (elapsed_s - state.step_s)
    return elapsed_s, False
