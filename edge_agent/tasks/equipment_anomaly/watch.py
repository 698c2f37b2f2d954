"""Learns and scores one asset's rows: the numeric heart, row by row or in blocks, with the same results.

A step is `rows` rows, as many as the window; at its end levels follow, the CUSUM adds up, and what is still to be learned
takes the step. A block is a minute of steps or more; at its end its highest scores are counted and the limits read anew.
Every score is over its limit: 1 is the limit. The fused ratio is the largest, which is the smallest p-value of detectors
that share the budget evenly.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from msgspec import Struct

from edge_agent.tasks.equipment_anomaly import detectors, follow, normal, steps, tail
from edge_agent.tasks.equipment_anomaly.arrays import Array, Mask, single
from edge_agent.tasks.equipment_anomaly.detectors import DETECTORS, Geometry
from edge_agent.tasks.equipment_anomaly.follow import Cusum
from edge_agent.tasks.equipment_anomaly.normal import Known, Normal
from edge_agent.tasks.equipment_anomaly.steps import Steps
from edge_agent.tasks.equipment_anomaly.tail import Maxima

MOST_ROWS, FEWEST_ROWS, STEPS_WANTED = 20, 4, 10
BLOCK_S, BLOCK_ROWS = 60.0, 20
SHORT, YOUNG = 1.2, 8.0  # the limit, in widths, while blocks are too few for a tail; more by 1 + YOUNG/steps
ONE_ROW = 0.45  # of the limit: one spike, however high, moves the window mean by no more, so two make no alarm
GROWTH, LONGEST = 1.25, 30.0
EASED = np.array([1.65, 2.0, 0.8])  # of it, with several channels: the residual sees a single one, too, and sooner
BRIEF_S, EVERY_ROW = 10.0, 20.0  # a row that stands for longer is no spike
MOST_ALARMED = 4  # blocks of one excursion that count as exceedances: a long fault must not raise the limit for ever
DRIFT = len(DETECTORS)
RULES: tuple[Literal["level", "joint", "residual", "drift"], ...] = ("level", "joint", "residual", "drift")


@dataclass(frozen=True)
class Tuning:
    """What the settings say: seconds to learn, alarms a month, and how sharply limits are set (2 halves them)."""

    learn_s: float
    alarms_per_month: float
    sensitivity: float = 1.0


class WatchState(Struct):
    """Everything a watch remembers. `ring`: the window of z (rows, p), `pending`: rows of the step still to be learned."""

    rows: int
    step_s: float
    normal: Normal
    steps: Steps | None
    geometry: Geometry
    cusum: Cusum
    ring: Array
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
    nothing, flat = np.zeros(channels), np.zeros((channels, channels))
    return WatchState(
        rows=rows,
        step_s=step_s,
        normal=normal.nothing(channels),
        steps=steps.begin(np.where(np.isfinite(first), first, 0.0), tuning.learn_s),
        geometry=Geometry(flat, flat),
        cusum=Cusum(nothing, nothing),
        ring=np.zeros((rows, channels)),
        pending=np.zeros((rows, channels)),
        limits=np.full(DRIFT, np.inf),
        highest=np.zeros(DRIFT),
    )


class Watch:
    """`state` is all it remembers; `ratios` (4,) are those of the last row: level, joint, residual, drift."""

    def __init__(self, state: WatchState, known: Known, tuning: Tuning) -> None:
        self.state = state
        self._known = known
        self._tuning = tuning
        self._everything: Mask = np.ones(state.ring.shape[1], dtype=bool)
        self.ratios: Array = np.zeros(DRIFT + 1)
        self.strayed: Array = np.zeros(state.ring.shape[1])
        self._prepare()

    @property
    def is_learned(self) -> bool:
        """Whether anything can be scored."""
        return self.state.maxima is not None

    def progress(self) -> float:
        """0 to 1: how much of the channels' normal is learned."""
        evidence = self.state.steps
        if evidence is None:
            return 1.0
        pending = float((self.state.normal.weight == 0).sum()) * (1 - 0.9 * evidence.progress())
        return 1 - pending / max(1, len(self.strayed))

    def row(self, values: Array, good: Mask | None, step_s: float) -> float:
        """The fused ratio after one more row (p,). `good`: None when all are; others are neither learned nor scored."""
        state = self.state
        z = self._standardised(values)
        if good is not None:
            good = good if not self._slanted.any() or good[state.normal.load] else good & ~self._slanted
            z = np.where(good, z, state.normal.location)
        if state.steps is not None:
            state.pending[state.place] = values if good is None else np.where(good, values, np.nan)
        self._total += z - state.ring[state.place]
        state.ring[state.place] = z
        state.place += 1
        ratio = self._scored(good) if state.maxima is not None else 0.0
        if state.place == state.rows:
            self._end_step(step_s)
        return ratio

    def rows(self, values: Array, step_s: float) -> Array:
        """(n,) fused ratios after `values` (n, p), all of them good; the same as one by one."""
        ratios, start = np.empty(len(values)), 0
        while start < len(values):
            left = self._rows_to_block_end()
            if left is None:
                ratios[start] = self.row(values[start], None, step_s)
                start += 1
            else:
                ratios[start : start + left] = self._chunk(values[start : start + left], step_s)
                start += left
        return ratios

    def forget_window(self) -> None:
        """After a gap the window is no stretch of time: it begins again at the level."""
        self.state.ring[:] = self.state.normal.location
        self.state.place = 0
        self._total = self.state.ring.sum(axis=0)

    def parts(self) -> dict[str, Array]:
        """By rule: how much of the last row's ratio each channel makes, over the rule's limit."""
        state = self.state
        found = detectors.parts(self.strayed, self._both)
        shares = {name: found[name] / state.limits[place] for place, name in enumerate(DETECTORS)}
        drift = np.maximum(state.cusum.upwards, state.cusum.downwards) / follow.DRIFT_LIMIT
        return shares | {"drift": drift}

    def _standardised(self, values: Array) -> Array:
        """(…, p) in spreads, off the line of the load, in single precision."""
        state = self.state
        off = values - state.normal.centre
        if state.normal.load >= 0:
            off = off - state.normal.slope * off[..., state.normal.load, None]
        z: Array = np.minimum(np.maximum(off * self._per_spread, -self._wildest), self._wildest)
        return single(z)

    def _scored(self, good: Mask | None) -> float:
        state = self.state
        strayed = self._total * self._per_window - self._at
        if good is not None:
            strayed = np.where(good, strayed, 0.0)
        self.strayed = strayed
        turned = strayed @ self._both
        channels = len(strayed)
        found = self._found
        found[0] = np.abs(strayed).max()
        found[1] = max(turned[:channels] @ strayed, 0.0) ** 0.5
        found[2] = max(turned[channels:] @ strayed, 0.0) ** 0.5
        state.highest = np.maximum(state.highest, found)
        self.ratios[:DRIFT] = found * self._per_limit
        self.ratios[DRIFT] = state.drift
        return float(self.ratios.max())

    @property
    def _sharing(self) -> int:
        """How many detectors share the budget: a single channel has a level only."""
        return DRIFT if len(self.strayed) > 1 else 1

    def _rows_to_block_end(self) -> int | None:
        """None while something is still to be learned: then rows go one by one."""
        state = self.state
        if state.maxima is None or state.steps is not None:
            return None
        return (self._block_steps() - state.steps_in_block) * state.rows - state.place

    def _chunk(self, values: Array, step_s: float) -> Array:
        """Rows within one block: levels and drift are constant within a step, limits within the block."""
        state, per_limit = self.state, self._per_limit
        z = self._standardised(values)
        window = np.vstack([np.roll(state.ring, -state.place, axis=0), z]).cumsum(axis=0)
        strayed, drifts = (window[state.rows :] - window[: len(z)]) * self._per_window, np.empty(len(z))
        start = 0
        while start < len(z):
            end = min(len(z), start + state.rows - state.place)
            strayed[start:end] -= self._at
            drifts[start:end] = state.drift
            state.ring[state.place : state.place + end - start] = z[start:end]
            state.place += end - start
            if end == len(z):
                found = self._noted(strayed)
            if state.place == state.rows:
                self._end_step(step_s)
            start = end
        self._total = state.ring.sum(axis=0)
        ratios = found * per_limit
        self.ratios[:DRIFT], self.ratios[DRIFT] = ratios[-1], drifts[-1]
        fused: Array = np.maximum(ratios.max(axis=1), drifts)
        return fused

    def _noted(self, strayed: Array) -> Array:
        """Scores of a chunk, noted for its block."""
        found = detectors.scores(strayed, self._both)
        self.state.highest = np.maximum(self.state.highest, found.max(axis=0))
        self.strayed = strayed[-1]
        return found

    def _end_step(self, step_s: float) -> None:
        state = self.state
        state.place = 0
        self._total = state.ring.sum(axis=0)
        state.step_s += 0.1 * (step_s - state.step_s)
        if state.maxima is not None:
            mean = self._total / state.rows
            share = state.rows / MOST_ROWS
            state.drift = follow.add_up(state.cusum, state.normal, mean, share)
            follow.follow(state.normal, mean, float(state.limits[: self._sharing].min()), share)
            self._at = state.normal.location * self._per_width
        if state.steps is not None and steps.take(state.steps, state.pending, state.rows * step_s):
            self._settle(state.steps)
        if state.maxima is not None:
            state.steps_in_block += 1
            if state.steps_in_block >= self._block_steps():
                self._end_block(state.maxima)

    def _block_steps(self) -> int:
        state = self.state
        block_s = BLOCK_S if state.maxima is None else state.maxima.block_s
        return max(1, -(-BLOCK_ROWS // state.rows), round(block_s / (state.rows * max(state.step_s, 1e-3))))

    def _end_block(self, maxima: Maxima) -> None:
        state = self.state
        is_alarmed = bool((state.highest >= state.limits).any())
        state.alarmed = state.alarmed + 1 if is_alarmed else 0
        before = len(maxima.blocks), maxima.merge
        if state.alarmed <= MOST_ALARMED:
            tail.count(maxima, np.minimum(state.highest, tail.LOUDEST * state.limits))
        if not is_alarmed:
            detectors.learn_more(state.geometry, self.strayed)
        state.highest, state.steps_in_block = np.zeros(DRIFT), 0
        state.is_stale = state.is_stale or (len(maxima.blocks), maxima.merge) != before
        if state.is_stale and not is_alarmed:  # limits rest while an alarm lasts: it must not lift them over itself
            state.is_stale = False
            detectors.refit(state.geometry)
            self._set_limits(maxima)
            self._prepare()

    def _settle(self, evidence: Steps) -> None:
        """Learn the channels that have come to rest; the others get a quarter more time."""
        state = self.state
        waiting = state.normal.weight == 0
        is_last_call = evidence.target_s >= LONGEST * evidence.first_s
        heard = np.isfinite(evidence.means).sum(axis=0) >= steps.FEWEST_STEPS
        chosen = waiting & (heard if is_last_call else normal.at_rest(evidence, self._known))
        if chosen.any():
            before = state.normal.weight > 0
            strayed = normal.learn(state.normal, evidence, chosen, self._known, state.rows)
            self._learned(strayed, chosen, before)
        is_done = not (state.normal.weight == 0).any() or (is_last_call and bool(chosen.any()))
        state.steps = None if is_done else steps.prolonged(evidence, GROWTH)

    def _learned(self, strayed: Array, chosen: Mask, before: Mask) -> None:
        """Take up newly learned channels: their window begins at their level, the geometry counts them in."""
        state = self.state
        state.ring[:, chosen] = 0.0
        self._total = state.ring.sum(axis=0)
        geometry = detectors.learned(strayed)
        if before.any():
            old = np.outer(before, before)
            geometry.covariance = np.where(old, state.geometry.covariance, geometry.covariance)
        state.geometry = Geometry(geometry.covariance, geometry.covariance)
        if state.maxima is None:
            block_s = max(BLOCK_S, BLOCK_ROWS * state.step_s)
            state.maxima = tail.begin(block_s, DRIFT)
            both = detectors.forms(state.geometry)
            found = detectors.scores(strayed, both)
            each = self._block_steps()
            for start in range(0, len(found) - each + 1, each):
                tail.count(state.maxima, found[start : start + each].max(axis=0))
        self._set_limits(state.maxima)
        self._prepare()

    def _set_limits(self, maxima: Maxima) -> None:
        state = self.state
        learned = tail.limits(maxima, self._tuning.alarms_per_month, self._sharing)
        if learned is None:
            channels = int((state.normal.weight > 0).sum())
            short = SHORT * (1 + YOUNG / max(1, state.normal.steps))
            joint = (short**2 + channels / normal.WIDTHS**2) ** 0.5
            learned = np.array([short, joint, joint]) * (EASED if self._sharing > 1 else 1.0)
        state.limits = learned / self._tuning.sensitivity

    def _prepare(self) -> None:
        """What follows from the state and is used in every row."""
        state = self.state
        self._both = detectors.forms(state.geometry)
        self._per_spread = 1 / state.normal.spread
        self._per_width = state.normal.weight / state.normal.width
        self._per_window = self._per_width / state.rows
        self._at = state.normal.location * self._per_width
        self._per_limit = 1 / state.limits
        most = ONE_ROW if state.step_s < BRIEF_S else EVERY_ROW
        self._wildest = most * state.limits[0] / np.maximum(self._per_window, 1e-9)
        self._total = state.ring.sum(axis=0)
        self._found = np.zeros(DRIFT)
        self._slanted: Mask = state.normal.slope != 0
