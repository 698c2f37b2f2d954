"""Do good parts still score as they did? The light fades, the lens is moved, the supplier changes: no limit holds.

The scores of parts that pass are compared, the first hundred with the last hundred, by the largest distance between their
distributions (Kolmogorov and Smirnov). Looked at every 25 parts; by chance it speaks once in some million looks.
"""

from datetime import datetime

import numpy as np
from msgspec import Struct

from protocols.codec import wire_time
from protocols.envelope import Instant
from protocols.messages.equipment_anomaly import ChannelEvidence, EquipmentAnomaly

WINDOW, LOOK_EVERY = 100, 25
FARTHEST = 0.38  # of two samples of a hundred from one distribution: exceeded with a chance of one in a million
RULE = "normal_scores_moved"


class DriftMemory(Struct):
    """model: whose scores; first, recent: at most a hundred each; seen: parts since the last look; since: of a drift."""

    model: str = ""
    first: list[float] = []
    recent: list[float] = []
    seen: int = 0
    since: Instant | None = None


def passed(memory: DriftMemory, model: str, score: float, asset: str, at: datetime) -> EquipmentAnomaly | None:
    """Remember the score of a part that passed; a message at the onset of a drift and at its end."""
    if memory.model != model:
        memory.model, memory.first, memory.recent, memory.seen, memory.since = model, [], [], 0, None
    if len(memory.first) < WINDOW:
        memory.first.append(score)
        return None
    memory.recent = [*memory.recent, score][-WINDOW:]
    memory.seen += 1
    if len(memory.recent) < WINDOW or memory.seen < LOOK_EVERY:
        return None
    memory.seen = 0
    apart = distance(memory.first, memory.recent)
    if (apart > FARTHEST) == (memory.since is not None):
        return None
    since = memory.since or wire_time(at)
    memory.since = since if apart > FARTHEST else None
    return _message(memory, asset, since, apart)


def distance(first: list[float], recent: list[float]) -> float:
    """The largest distance between the shares of both that lie below any score."""
    one, other = np.sort(first), np.sort(recent)
    every = np.concatenate([one, other])
    shares = (np.searchsorted(each, every, side="right") / len(each) for each in (one, other))
    return float(np.abs(next(shares) - next(shares)).max())


def _message(memory: DriftMemory, asset: str, since: datetime, apart: float) -> EquipmentAnomaly:
    low, middle, high = (float(each) for each in np.quantile(memory.first, (0.05, 0.5, 0.95)))
    channel = ChannelEvidence(
        channel="normal_score",
        unit="",
        observed=round(float(np.median(memory.recent)), 4),
        expected=round(middle, 4),
        expected_low=round(low, 4),
        expected_high=round(high, 4),
        contribution=1.0,
    )
    return EquipmentAnomaly(
        asset=asset,
        phase="end" if memory.since is None else "onset",
        subject="sensor",
        rule=RULE,
        severity="warning",
        score=round(apart / FARTHEST, 4),
        limit=1.0,
        since=since,
        state="unknown",
        channels=[channel],
    )
