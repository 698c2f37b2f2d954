"""Where to draw the line between good and defective, from the scores of few good parts and of what people said since.

Scores of good parts are taken as log-normal. The limit for a false-alarm rate is the score that one more good part exceeds
with that probability: Student's t with n - 1 degrees of freedom, so few parts give a wider margin, not a false promise.
One part far from all others would widen it for ever, so such are named (median and median deviation), and left out when a
gap parts them from the rest; without one they are how good parts vary.
Limits stand outside the network: another rate needs no other model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision_models.inference.arrays import Floats, Mask

_LEAST_LOG_SPREAD = 0.03
_SUSPECT_DEVIATIONS, _OF_FEW = 3.5, 20.0
_TO_STANDARD_DEVIATION = 1.4826
_ANGLES = 4001
_MOST_OVER_PROMISE = 4.0
_FLAWS_SPREAD = 2.0


@dataclass(frozen=True)
class NormalScores:
    """Scores of good parts: centre and predictive spread of their logarithms, and the degrees of freedom."""

    centre: float
    spread: float
    freedom: int

    def limit(self, rate: float) -> float:
        """The score that one more good part exceeds with probability `rate` (0..1)."""
        angles, tails = _tails(self.freedom)
        deviations = np.sqrt(self.freedom) * np.tan(np.interp(rate, tails[::-1], angles[::-1]))
        return float(np.exp(self.centre + self.spread * deviations))

    def p_values(self, scores: Floats) -> NDArray[np.float64]:
        """Share of good parts expected to score at least each of the scores."""
        angles, tails = _tails(self.freedom)
        deviations = (np.log(np.maximum(scores, 1e-9)) - self.centre) / self.spread
        return np.asarray(np.interp(np.arctan(deviations / np.sqrt(self.freedom)), angles, tails), dtype=np.float64)


@dataclass(frozen=True)
class Limit:
    """A limit and what it rests on. false_alarm_rate: of good parts, as far as is known; missed: parts that people rejected
    and that still pass."""

    score: float
    false_alarm_rate: float
    taught: int
    confirmed_good: int
    rejected: int
    missed: int


@dataclass(frozen=True)
class Costs:
    """In one currency: a defective part that passes, a good one that is thrown away, a look by a person."""

    miss: float
    false_alarm: float
    look: float


def suspects(scores: Floats) -> Mask:
    """Which of n scores of parts that should be good lie far above the others: a flaw among the teaching pictures."""
    logs = _logs(scores)
    return np.asarray(logs - np.median(logs) > _reach(logs), dtype=np.bool_)


def apart(scores: Floats) -> Mask:
    """Suspects as far from the others as those may lie from their median: they have no say."""
    logs, strange = _logs(scores), suspects(scores)
    has_gap = strange.any() and logs[strange].min() - logs[~strange].max() > _reach(logs)
    return strange if has_gap else np.zeros_like(strange)


def normal_scores(scores: Floats) -> NormalScores:
    """What n >= 3 scores of good parts say about the next one; suspects with a gap below them are left out."""
    logs = _logs(scores)[~apart(scores)]
    spread = max(float(logs.std(ddof=1)), _LEAST_LOG_SPREAD) * np.sqrt(1 + 1 / len(logs))
    return NormalScores(float(logs.mean()), float(spread), len(logs) - 1)


def sharpened(taught: Floats, rate: float, good: Sequence[float], rejected: Sequence[float]) -> Limit:
    """The limit for a rate after people answered: scores that were said to be good, and of parts that were rejected.

    A good part joins the taught ones, so a false alarm lifts the limit. A rejected part below the limit lowers it to halfway
    between that part and the usual good one, yet never so far that more than four times the chosen rate of good parts fail.
    """
    normal = normal_scores(np.concatenate([taught, np.asarray(good, dtype=np.float32)]))
    limit = normal.limit(rate)
    below = [score for score in rejected if score <= limit]
    if below:
        halfway = float(np.exp((np.log(max(min(below), 1e-9)) + normal.centre) / 2))
        limit = max(min(limit, halfway), normal.limit(min(0.5, _MOST_OVER_PROMISE * rate)))
    share = float(normal.p_values(np.array([limit], dtype=np.float32))[0])
    missed = sum(score <= limit for score in rejected)
    return Limit(limit, share, len(taught), len(good), len(rejected), missed)


def review_from(normal: NormalScores, limit: float, costs: Costs, defect_share: float) -> float:
    """The score from which a look by a person costs less than letting the part pass; `limit` when that is nowhere below it.

    A part at some score is defective with the odds of `defect_share` times how much likelier that score is among flaws,
    whose scores are taken to lie around the limit, twice as spread as those of good parts.
    """
    scores = np.exp(np.linspace(normal.centre, np.log(limit), 200))
    of_good = (np.log(scores) - normal.centre) / normal.spread
    of_bad = (np.log(scores) - np.log(limit)) / (_FLAWS_SPREAD * normal.spread)
    odds = defect_share / (1 - defect_share) * np.exp((of_good**2 - of_bad**2) / 2) / _FLAWS_SPREAD
    risk = odds / (1 + odds)
    worth_a_look = np.minimum(risk * costs.miss, (1 - risk) * costs.false_alarm) > costs.look
    return float(scores[np.argmax(worth_a_look)]) if worth_a_look.any() else limit


def _reach(logs: NDArray[np.float64]) -> float:
    """How far above the median a logarithm may lie; the median deviation of few is itself uncertain."""
    usual = max(_TO_STANDARD_DEVIATION * float(np.median(np.abs(logs - np.median(logs)))), _LEAST_LOG_SPREAD)
    return (_SUSPECT_DEVIATIONS + _OF_FEW / len(logs)) * usual


def _logs(scores: Floats) -> NDArray[np.float64]:
    return np.log(np.maximum(np.asarray(scores, dtype=np.float64), 1e-9))


def _tails(freedom: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Angles u from -pi/2 to pi/2 and the share of Student's t above sqrt(freedom) tan(u): its density is cos(u)^(n - 1)."""
    angles = np.linspace(-np.pi / 2 + 1e-4, np.pi / 2 - 1e-4, _ANGLES)
    density = np.cos(angles) ** (freedom - 1)
    steps = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return angles, 1.0 - steps / steps[-1]
