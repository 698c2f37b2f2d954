"""Lifetimes by a Weibull distribution, from things that failed and things that still run (right-censored). Pure.

Method: maximum likelihood, profiled over the scale, so that one equation in the shape is left; it is monotone and solved by
bisection: Lawless (2003), Statistical Models and Methods for Lifetime Data, ch. 5.2. Weak with fewer than five failures: the
shape is then held at what the caller believes. Ages and scale in one unit of the caller's choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, expm1, log

LEAST_SHAPE, MOST_SHAPE = 0.2, 20.0
FEWEST_FAILURES = 5
_HALVINGS = 60


@dataclass(frozen=True)
class Life:
    """One thing's age when it failed, or so far (`has_failed` False)."""

    age: float
    has_failed: bool


@dataclass(frozen=True)
class Weibull:
    """P(life > t) = exp(-(t / scale) ** shape). shape above 1: it wears; 1: it fails by chance."""

    shape: float
    scale: float

    def survival(self, age: float) -> float:
        """Share that is alive at `age`."""
        return exp(-self._hazard(age))

    def failure_within(self, age: float, span: float) -> float:
        """Chance that one alive at `age` fails within the next `span`."""
        return -expm1(self._hazard(age) - self._hazard(age + span))

    def remaining_at(self, age: float, share: float) -> float:
        """The remaining life that one alive at `age` outlives with probability 1 - `share`."""
        hazard = self._hazard(age) - log(max(1 - share, 1e-300))
        return float(max(self.scale * hazard ** (1 / self.shape) - age, 0.0))

    def _hazard(self, age: float) -> float:
        return 0.0 if age <= 0 else min(exp(min(self.shape * log(age / self.scale), 700.0)), 1e300)


def fitted(lives: Sequence[Life], believed_shape: float) -> Weibull | None:
    """The likeliest distribution; None without a failure. With few failures the shape stays as believed."""
    known = [life for life in lives if life.age > 0]
    failures = [life.age for life in known if life.has_failed]
    if not failures:
        return None
    is_enough = len(failures) >= FEWEST_FAILURES and min(failures) < max(failures)
    shape = _likeliest_shape(known, failures) if is_enough else believed_shape
    return Weibull(shape, _likeliest_scale(known, len(failures), shape))


def _likeliest_scale(lives: Sequence[Life], failures: int, shape: float) -> float:
    largest = max(life.age for life in lives)
    powers = sum((life.age / largest) ** shape for life in lives)
    return largest * float((powers / failures) ** (1 / shape))


def _likeliest_shape(lives: Sequence[Life], failures: Sequence[float]) -> float:
    low, high = LEAST_SHAPE, MOST_SHAPE
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _score(lives, failures, middle) > 0 else (low, middle)
    return (low + high) / 2


def _score(lives: Sequence[Life], failures: Sequence[float], shape: float) -> float:
    """Derivative of the profiled log-likelihood by the shape, a failure; falls as the shape grows."""
    largest = max(life.age for life in lives)
    powers = [(life.age / largest) ** shape for life in lives]
    weighted = sum(power * log(life.age / largest) for power, life in zip(powers, lives, strict=True))
    return float(1 / shape + sum(log(age / largest) for age in failures) / len(failures) - weighted / sum(powers))
