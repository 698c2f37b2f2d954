"""Whether a new model is worse than the old one on the same labelled frames (pure).

Non-inferiority: the upper end of the 95 % interval of the mean loss difference, new - old, must not exceed a margin. The
interval is a percentile bootstrap over frames of the paired differences (Efron and Tibshirani 1993, ch. 13), seeded. Few
frames or wide intervals therefore keep a model back: not to be shown worse is not enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import msgspec
import numpy as np

DRAWS = 2000
SEED = 20261124
Reason = Literal["too_few_frames", "worse", "other_frames", "other_kind", "not_measured"]


@dataclass(frozen=True)
class Rule:
    """How much a loss may rise, and on how many frames that must be seen. Unit of the loss: see evaluation."""

    margin: float
    least_frames: int


RULES: Mapping[str, Mapping[str, Rule]] = MappingProxyType(
    {
        "shelf_count": {"count_error": Rule(margin=0.25, least_frames=20)},  # units a shelf
        "defects": {"missed": Rule(margin=0.10, least_frames=10), "false_alarm": Rule(margin=0.10, least_frames=10)},
    }
)


class Figure(msgspec.Struct, frozen=True):
    """A figure over n frames with its 95 % interval."""

    n: int
    value: float
    low: float
    high: float


class Judged(msgspec.Struct, frozen=True):
    """What `tallyhouse-models evaluate --json` prints. losses: measure → frame → loss."""

    kind: str
    model: str
    frames: int
    frames_sha256: str
    figures: dict[str, Figure]
    losses: dict[str, dict[str, float]]


class Difference(msgspec.Struct, frozen=True):
    """Mean loss of both on n frames, and new - old with its interval, beside the margin that its upper end must keep."""

    measure: str
    n: int
    old: float
    new: float
    difference: float
    low: float
    high: float
    margin: float

    @property
    def is_kept(self) -> bool:
        """Whether the new model is not worse beyond the margin."""
        return self.high <= self.margin


class Accuracy(msgspec.Struct, frozen=True):
    """The accuracy gate. why: code of what kept the model back, with `detail` for people; None when it passed."""

    differences: tuple[Difference, ...] = ()
    old: Mapping[str, Figure] = {}
    new: Mapping[str, Figure] = {}
    why: Reason | None = None
    detail: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the stage may begin."""
        return self.why is None


def compared(kind: str, old: Judged, new: Judged) -> Accuracy:
    """Hold the new model against the old one."""
    if new.kind != kind or old.kind != kind:
        return Accuracy(why="other_kind", detail=f"{new.model} is for {new.kind}, not for {kind}")
    if old.frames_sha256 != new.frames_sha256:
        return Accuracy(why="other_frames", detail="the labelled frames changed meanwhile; roll the model out again")
    differences = tuple(_difference(measure, rule, old, new) for measure, rule in RULES[kind].items())
    shown = Accuracy(differences, old.figures, new.figures)
    few = [one for one in differences if one.n < RULES[kind][one.measure].least_frames]
    if few:
        detail = "; ".join(f"{one.measure}: {one.n} of {RULES[kind][one.measure].least_frames} frames" for one in few)
        return msgspec.structs.replace(shown, why="too_few_frames", detail=detail)
    worse = [one for one in differences if not one.is_kept]
    if worse:
        detail = "; ".join(f"{one.measure}: up to {one.high:+.3f}, allowed {one.margin:+.3f}" for one in worse)
        return msgspec.structs.replace(shown, why="worse", detail=detail)
    return shown


def _difference(measure: str, rule: Rule, old: Judged, new: Judged) -> Difference:
    """Over the frames that both could read."""
    before, after = old.losses.get(measure, {}), new.losses.get(measure, {})
    names = sorted(before.keys() & after.keys())
    if not names:
        return Difference(measure, 0, 0.0, 0.0, 0.0, 0.0, 0.0, rule.margin)
    was, now = np.array([before[name] for name in names]), np.array([after[name] for name in names])
    paired = now - was
    rng = np.random.default_rng(SEED)
    means = paired[rng.integers(0, len(names), (DRAWS, len(names)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    mean = float(paired.mean())
    return Difference(measure, len(names), float(was.mean()), float(now.mean()), mean, float(low), float(high), rule.margin)
