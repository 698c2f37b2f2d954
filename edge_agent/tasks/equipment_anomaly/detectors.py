"""Streaming detectors, each O(channels) a row. Every one gives ratios: 1 is its limit.

`level`: EWMA of the robust z of each channel (Roberts 1959), which sees a step or ramp within some ten seconds.
`joint`: MEWMA (Lowry 1992), the same EWMAs under a shrunken correlation: channels that do together what none does alone.
`drift`: two-sided CUSUM (Page 1954) against the commissioned normal, which does not follow: slow wear.
Limits are in widths of the channel and rest on what the learned stretch itself reached, times a margin; a limit from a few
minutes of healthy data is weak evidence about months (SKAB: its false alarm rate is 29 to 49 % with every scorer).
"""

from collections.abc import Mapping, Sequence
from math import exp, sqrt

import numpy as np
from msgspec import Struct

from edge_agent.tasks.equipment_anomaly.baseline import Normal

TAU_S = 10.0
WILDEST_Z = 30.0  # one spike, however high, moves the EWMA by less than the limit
SMALLEST_LIMIT, SMALLEST_JOINT_LIMIT, MARGIN = 3.0, 2.5, 1.5
SHRINKAGE = 0.3
DRIFT_LIMIT_S = 40.0  # widths times seconds beyond the slack


class ChannelMemory(Struct):
    """Of one channel: smoothed z, the CUSUM upwards and downwards (widths x seconds), and its limit in widths."""

    limit: float = SMALLEST_LIMIT
    smooth: float = 0.0
    upwards: float = 0.0
    downwards: float = 0.0


class Joint(Struct):
    """The inverse (p, p) of the shrunken correlation of `names`, and the limit of the joint score in widths."""

    names: list[str] = []
    precision: list[list[float]] = []
    limit: float = SMALLEST_JOINT_LIMIT


def smoothing(elapsed_s: float) -> float:
    """Weight of a new sample in an EWMA of time constant `TAU_S`: 0.095 at one a second."""
    return 1 - exp(-elapsed_s / TAU_S)


def level(memory: ChannelMemory, normal: Normal, value: float, weight: float) -> float:
    """Ratio of the smoothed z to its limit."""
    memory.smooth += weight * (_z(value, normal.location, normal.width) - memory.smooth)
    return abs(memory.smooth) / memory.limit


def drift(memory: ChannelMemory, normal: Normal, value: float, elapsed_s: float) -> float:
    """Ratio of the larger CUSUM to its limit; the slack is what `level` tolerates when it has followed as far as it may."""
    z = _z(value, normal.commissioned, normal.width)
    slack, most = memory.limit + normal.wander / normal.width, 2 * DRIFT_LIMIT_S
    memory.upwards = min(most, max(0.0, memory.upwards + (z - slack) * elapsed_s))
    memory.downwards = min(most, max(0.0, memory.downwards - (z + slack) * elapsed_s))
    return max(memory.upwards, memory.downwards) / DRIFT_LIMIT_S


def together(joint: Joint, smooth: Mapping[str, float]) -> tuple[float, dict[str, float]]:
    """The ratio of the joint score, and what each channel adds to it (the squares add up to the ratio's square).

    Nothing when a channel is missing or there are fewer than two. The parts z·(P z) of T² may be negative; those count as
    nothing and the others are scaled to the whole.
    """
    if len(joint.names) < 2 or any(name not in smooth for name in joint.names):
        return 0.0, {}
    z = np.array([smooth[name] for name in joint.names])
    parts = np.clip(z * (np.array(joint.precision) @ z), 0, None)
    ratio = sqrt(max(float(z @ np.array(joint.precision) @ z), 0.0) / len(z)) / joint.limit
    whole = max(float(parts.sum()), 1e-12)
    return ratio, {name: ratio * sqrt(float(part) / whole) for name, part in zip(joint.names, parts, strict=True)}


def learned_memory(values: Sequence[float], normal: Normal, step_s: float, sensitivity: float) -> ChannelMemory:
    """A memory whose limit holds over the learned stretch (`step_s` between its values) with a margin."""
    memory, weight, highest = ChannelMemory(), smoothing(step_s), 0.0
    for value in values:
        highest = max(highest, level(memory, normal, value, weight) * memory.limit)
    return ChannelMemory(limit=max(SMALLEST_LIMIT, MARGIN * highest) / sensitivity, smooth=memory.smooth)


def learned_joint(
    rows: Sequence[Mapping[str, float]], normals: Mapping[str, Normal], step_s: float, sensitivity: float
) -> Joint:
    """Correlation of the channels of `normals` over complete rows (n >= 3 x channels, else none), and its limit."""
    names = sorted(normals)
    if len(names) < 2 or len(rows) < 3 * len(names):
        return Joint()
    z = np.array([[_z(row[name], normals[name].location, normals[name].width) for name in names] for row in rows]).clip(
        -3, 3
    )
    spread = z.std(axis=0)
    safe = np.where(spread > 0, spread, 1.0)
    correlation = ((z - z.mean(axis=0)) / safe).T @ ((z - z.mean(axis=0)) / safe) / len(z)
    np.fill_diagonal(correlation, 1.0)
    shrunk = (1 - SHRINKAGE) * correlation + SHRINKAGE * np.eye(len(names))
    joint = Joint(names=names, precision=np.linalg.inv(shrunk).tolist())
    joint.limit = max(SMALLEST_JOINT_LIMIT, MARGIN * _highest(joint, z, smoothing(step_s))) / sensitivity
    return joint


def _highest(joint: Joint, z: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", weight: float) -> float:
    """The highest joint score over the learned rows, in widths."""
    smooth, highest, precision = np.zeros(len(joint.names)), 0.0, np.array(joint.precision)
    for row in z:
        smooth += weight * (row - smooth)
        highest = max(highest, sqrt(max(float(smooth @ precision @ smooth), 0.0) / len(smooth)))
    return highest


def _z(value: float, location: float, width: float) -> float:
    return max(-WILDEST_Z, min(WILDEST_Z, (value - location) / width))
