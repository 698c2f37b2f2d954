"""Everything the watch of one asset remembers, and what follows from that alone: how long blocks are, where limits lie."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from msgspec import Struct

from edge_agent.tasks.equipment_anomaly import normal, steps, tail
from edge_agent.tasks.equipment_anomaly.arrays import Array
from edge_agent.tasks.equipment_anomaly.detectors import DETECTORS, Geometry
from edge_agent.tasks.equipment_anomaly.follow import Cusum
from edge_agent.tasks.equipment_anomaly.normal import Normal
from edge_agent.tasks.equipment_anomaly.steps import Steps
from edge_agent.tasks.equipment_anomaly.tail import Maxima

MOST_ROWS, FEWEST_ROWS, STEPS_WANTED = 20, 4, 10
BLOCK_S, BLOCK_ROWS = 60.0, 20
SHORT, YOUNG = 1.2, 8.0  # the limit, in widths, while blocks are too few for a tail; more by 1 + YOUNG/steps
EASED = np.array([1.65, 2.0, 0.74])  # of it, with several channels: the residual sees a single one, too, and sooner
DRIFT = len(DETECTORS)
RULES: tuple[Literal["level", "joint", "residual", "drift"], ...] = ("level", "joint", "residual", "drift")


@dataclass(frozen=True)
class Tuning:
    """What the settings say: seconds to learn, alarms a month, and how sharply limits are set (2 halves them)."""

    learn_s: float
    alarms_per_month: float
    sensitivity: float = 1.0


class WatchState(Struct, array_like=True):
    """Everything a watch remembers. `ring`: the window of z (rows, p), `block`: sum of the means
    of this block's steps (p,), `pending`: rows of the step still to be learned."""

    rows: int
    step_s: float
    normal: Normal
    steps: Steps | None
    geometry: Geometry
    cusum: Cusum
    ring: Array
    block: Array
    pending: Array
    limits: Array
    highest: Array
    maxima: Maxima | None = None
    place: int = 0
    steps_in_block: int = 0
    alarmed: int = 0
    is_stale: bool = False
    drift: float = 0.0


def begin(first: Array, tuning: Tuning, step_s: float) -> WatchState:
    """Nothing learned yet. `first`: (p,) values to count from; `step_s`: seconds between rows."""
    channels = len(first)
    rows = int(min(MOST_ROWS, max(FEWEST_ROWS, round(tuning.learn_s / max(step_s, 1e-3) / STEPS_WANTED))))
    flat = np.zeros((channels, channels))
    return WatchState(
        rows=rows,
        step_s=step_s,
        normal=normal.nothing(channels),
        steps=steps.begin(np.where(np.isfinite(first), first, 0.0), tuning.learn_s),
        geometry=Geometry(flat, flat),
        cusum=Cusum(np.zeros((2, channels))),
        ring=np.zeros((rows, channels)),
        block=np.zeros(channels),
        pending=np.zeros((rows, channels)),
        limits=np.full(DRIFT, np.inf),
        highest=np.zeros(DRIFT),
    )


def sharing(state: WatchState) -> int:
    """How many detectors share the budget: a single channel has a level only."""
    return DRIFT if state.ring.shape[1] > 1 else 1


def block_steps(state: WatchState) -> int:
    """How many steps make a block."""
    block_s = BLOCK_S if state.maxima is None else state.maxima.block_s
    return max(1, -(-BLOCK_ROWS // state.rows), round(block_s / (state.rows * max(state.step_s, 1e-3))))


def set_limits(state: WatchState, maxima: Maxima, tuning: Tuning) -> None:
    """Read the limits off the blocks that were seen; while they are too few, the short ones."""
    learned = tail.limits(maxima, tuning.alarms_per_month, sharing(state))
    state.limits = (_short_limits(state) if learned is None else learned) / tuning.sensitivity


def _short_limits(state: WatchState) -> Array:
    channels = int((state.normal.weight > 0).sum())
    short = SHORT * (1 + YOUNG / max(1, state.normal.steps))
    joint = (short**2 + channels / normal.WIDTHS**2) ** 0.5
    return np.array([short, joint, joint]) * (EASED if sharing(state) > 1 else 1.0)
