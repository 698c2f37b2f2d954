"""Learns and scores one asset's rows: the numeric heart, row by row or in blocks, with the same results.

A step is `rows` rows, as many as the window; at its end levels follow, the CUSUM adds up, and what is still to be learned
takes the step. A block is a minute of steps or more; at its end its highest scores are counted and the limits read anew.
Every score is over its limit: 1 is the limit. The fused ratio is the largest, which is the smallest p-value of detectors
that share the budget evenly.
"""

import numpy as np

from edge_agent.tasks.equipment_anomaly import detectors, follow, normal, steps, tail
from edge_agent.tasks.equipment_anomaly.arrays import Array, Mask, single
from edge_agent.tasks.equipment_anomaly.detectors import DETECTORS, Geometry
from edge_agent.tasks.equipment_anomaly.follow import Pace
from edge_agent.tasks.equipment_anomaly.normal import Known
from edge_agent.tasks.equipment_anomaly.steps import Steps
from edge_agent.tasks.equipment_anomaly.tail import Maxima
from edge_agent.tasks.equipment_anomaly.watch_state import (
    BLOCK_ROWS,
    BLOCK_S,
    DRIFT,
    MOST_ROWS,
    Tuning,
    WatchState,
    block_steps,
    set_limits,
    sharing,
)

ONE_ROW = 0.45  # of the limit: one spike, however high, moves the window mean by no more, so two make no alarm
GROWTH, LONGEST = 1.25, 30.0
BRIEF_S, EVERY_ROW = 10.0, 20.0  # a row that stands for longer is no spike
MOST_ALARMED = 4  # blocks of one excursion that count as exceedances: a long fault must not raise the limit for ever


class Watch:
    """`state` is all it remembers; `ratios` (4,) are those of the last row: level, joint, residual, drift."""

    def __init__(self, state: WatchState, known: Known, tuning: Tuning) -> None:
        self.state = state
        self._known = known
        self._tuning = tuning
        self.ratios: Array = np.zeros(DRIFT + 1)
        self.strayed: Array = np.zeros(state.ring.shape[1])
        self._pace: Pace
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
        if state.place == state.rows and self._end_step(step_s):
            self._count_block(state.highest, self.strayed)
            state.highest = np.zeros(DRIFT)
        return ratio

    def rows(self, values: Array, step_s: float) -> Array:
        """(n,) fused ratios after `values` (n, p), all of them good; the same as one by one."""
        ratios, start = np.empty(len(values)), 0
        while start < len(values):
            left = self._rows_together()
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
        return shares | {"drift": state.cusum.sums.max(axis=0) / follow.DRIFT_LIMIT}

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
        found[0] = np.maximum.reduce(np.abs(strayed))
        found[1] = max(turned[:channels] @ strayed, 0.0) ** 0.5
        found[2] = max(turned[channels:] @ strayed, 0.0) ** 0.5
        state.highest = np.maximum(state.highest, found)
        self.ratios[:DRIFT] = found * self._per_limit
        self.ratios[DRIFT] = state.drift
        return float(np.maximum.reduce(self.ratios))

    def _rows_together(self) -> int | None:
        """How many rows may be scored under the present limits; None while something is still to be learned."""
        state = self.state
        if state.maxima is None or state.steps is not None:
            return None
        blocks = 1 if state.is_stale else max(1, state.maxima.merge - state.maxima.waiting)
        return (blocks * block_steps(state) - state.steps_in_block) * state.rows - state.place

    def _chunk(self, values: Array, step_s: float) -> Array:
        """Rows under the same limits: levels are constant within a step, the drift within a block."""
        state, per_limit = self.state, self._per_limit
        z = self._standardised(values)
        window = np.concatenate([state.ring[state.place :], state.ring[: state.place], z]).cumsum(axis=0)
        strayed = (window[state.rows :] - window[: len(z)]) * self._per_window
        drifts, ends = self._stepwise(z, strayed, step_s)
        found = detectors.scores(strayed, self._both)
        self._count_blocks(found, strayed, ends)
        ratios = found * per_limit
        self.strayed, self.ratios[:DRIFT], self.ratios[DRIFT] = strayed[-1], ratios[-1], drifts[-1]
        fused: Array = np.maximum(np.maximum.reduce(ratios, axis=1), drifts)
        return fused

    def _stepwise(self, z: Array, strayed: Array, step_s: float) -> tuple[Array, list[int]]:
        """Go through `z` (n, p) step by step, taking each step's level off `strayed`; drifts (n,), where blocks ended."""
        state, drifts, ends, start = self.state, np.empty(len(z)), list[int](), 0
        while start < len(z):
            end = min(len(z), start + state.rows - state.place)
            strayed[start:end] -= self._at
            drifts[start:end] = state.drift
            state.ring[state.place : state.place + end - start] = z[start:end]
            state.place += end - start
            if state.place == state.rows and self._end_step(step_s):
                ends.append(end)
            start = end
        if state.place:
            self._total = np.add.reduce(state.ring)
        return drifts, ends

    def _count_blocks(self, found: Array, strayed: Array, ends: list[int]) -> None:
        """Blocks that ended within a chunk, each with its highest scores; what is left over belongs to the next."""
        state, start = self.state, 0
        for end in ends:
            self._count_block(np.maximum(state.highest, np.maximum.reduce(found[start:end])), strayed[end - 1])
            state.highest, start = np.zeros(DRIFT), end
        if start < len(found):
            state.highest = np.maximum(state.highest, np.maximum.reduce(found[start:]))

    def _end_step(self, step_s: float) -> bool:
        """Levels follow, learning takes the step; True when a block ends with it, too."""
        state = self.state
        state.place = 0
        self._total = np.add.reduce(state.ring)
        state.step_s += 0.1 * (step_s - state.step_s)
        if state.maxima is not None:
            mean = self._total / state.rows
            state.block = state.block + mean
            follow.follow(state.normal, mean, self._pace)
            self._at = state.normal.location * self._per_width
            if state.drift > 0 and not follow.is_beyond(state.normal, mean):
                state.drift = 0.0
        if state.steps is not None and steps.take(state.steps, state.pending, state.rows * step_s):
            self._settle(state.steps)
        if state.maxima is None:
            return False
        state.steps_in_block += 1
        return state.steps_in_block >= block_steps(state) and self._end_block()

    def _end_block(self) -> bool:
        state = self.state
        windows = state.steps_in_block * state.rows / MOST_ROWS
        state.drift = follow.add_up(state.cusum, self._pace, state.block / state.steps_in_block, windows)
        state.block, state.steps_in_block = np.zeros_like(state.block), 0
        return True

    def _count_block(self, highest: Array, strayed: Array) -> None:
        """Note the `highest` scores (3,) of a block that ended at `strayed` (p,), and renew the limits when it is time."""
        state, maxima = self.state, self.state.maxima
        if maxima is None:
            return
        is_alarmed = bool((highest >= state.limits).any())
        state.alarmed = state.alarmed + 1 if is_alarmed else 0
        before = len(maxima.blocks), maxima.merge
        if state.alarmed <= MOST_ALARMED:
            tail.count(maxima, np.minimum(highest, tail.LOUDEST * state.limits))
        if not is_alarmed:
            detectors.learn_more(state.geometry, strayed)
        state.is_stale = state.is_stale or (len(maxima.blocks), maxima.merge) != before
        if state.is_stale and not is_alarmed:  # limits rest while an alarm lasts: it must not lift them over itself
            state.is_stale = False
            detectors.refit(state.geometry)
            set_limits(state, maxima, self._tuning)
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
        state.pending = state.pending[: 0 if is_done else state.rows]

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
            state.maxima = self._first_blocks(strayed)
        set_limits(state, state.maxima, self._tuning)
        self._prepare()

    def _first_blocks(self, strayed: Array) -> Maxima:
        """The steps from which the geometry was learned are the first blocks."""
        state = self.state
        maxima = state.maxima = tail.begin(max(BLOCK_S, BLOCK_ROWS * state.step_s), DRIFT)
        found, each = detectors.scores(strayed, detectors.forms(state.geometry)), block_steps(state)
        for start in range(0, len(found) - each + 1, each):
            tail.count(maxima, found[start : start + each].max(axis=0))
        return maxima

    def _prepare(self) -> None:
        """What follows from the state and is used in every row."""
        state = self.state
        self._both = detectors.forms(state.geometry)
        self._per_spread = 1 / state.normal.spread
        self._per_width = state.normal.weight / state.normal.width
        self._per_window = self._per_width / state.rows
        self._at = state.normal.location * self._per_width
        self._per_limit = 1 / state.limits
        limit, window_s = float(state.limits[: sharing(state)].min()), state.rows * state.step_s
        self._pace = follow.pace(state.normal, limit, state.rows / MOST_ROWS, window_s)
        most = ONE_ROW if state.step_s < BRIEF_S else EVERY_ROW
        self._wildest = most * state.limits[0] / np.maximum(self._per_window, 1e-9)
        self._total = state.ring.sum(axis=0)
        self._found = np.zeros(DRIFT)
        self._slanted: Mask = state.normal.slope != 0
