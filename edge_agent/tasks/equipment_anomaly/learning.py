"""Learning a machine's normal row by row, and handing what has come to rest to the detectors."""

from collections.abc import Mapping

from edge_agent.tasks.equipment_anomaly import baseline, detectors
from edge_agent.tasks.equipment_anomaly.data_quality import learn_repeats
from edge_agent.tasks.equipment_anomaly.limits import ChannelLimits
from edge_agent.tasks.equipment_anomaly.state import AssetState


def learn(
    state: AssetState, good: Mapping[str, float], limits: Mapping[str, ChannelLimits], elapsed_s: float, sensitivity: float
) -> None:
    """Take one more good row; does nothing when all channels are learned."""
    learning = state.learning
    if learning is None:
        return
    if not state.normals:
        for name in good:
            learn_repeats(state.traces[name])
    if baseline.take(learning, good, elapsed_s):
        _settle(state, learning, limits, sensitivity)
    _report(state)


def _settle(state: AssetState, learning: baseline.Learning, limits: Mapping[str, ChannelLimits], sensitivity: float) -> None:
    found = baseline.settled(learning, learning.names, {name: limits[name].calm for name in learning.names})
    step_s = max(state.step_s, 1e-3) * learning.stride
    for name, normal in found.items():
        state.memories[name] = detectors.learned_memory(learning.column(name), normal, step_s, sensitivity)
    if found and not state.normals:
        state.joint = detectors.learned_joint(_complete_rows(learning, found), found, step_s, sensitivity)
    state.normals |= found
    pending = [name for name in learning.names if name not in found]
    state.learning = baseline.prolong(learning, pending) if pending else None


def _complete_rows(learning: baseline.Learning, names: Mapping[str, object]) -> list[dict[str, float]]:
    kept = [
        {name: value for name, value in zip(learning.names, row, strict=True) if name in names and value is not None}
        for row in learning.rows
    ]
    return [row for row in kept if len(row) == len(names)]


def _report(state: AssetState) -> None:
    """`learned` only ever grows: a prolonged stretch must not look like forgetting."""
    if state.learning is None:
        state.learned = 1.0
        return
    pending = len(state.learning.names) * (1 - 0.9 * state.learning.progress())
    state.learned = max(state.learned, 1 - pending / max(1, len(state.channels)))
