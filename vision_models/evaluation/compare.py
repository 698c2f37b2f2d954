"""Does a new model beat the old one on the same labelled frames?

Losses of both at each frame are paired; the mean difference new - old has a 95 % percentile bootstrap over frames (Efron and
Tibshirani 1993, ch. 13). The new one wins when at least one loss is surely smaller and none is surely larger. The gate of a
rollout asks less, not to be worse beyond a margin; this asks whether to roll out at all.
"""

from typing import Literal

import msgspec
import numpy as np

from vision_models.errors import DataMissing
from vision_models.evaluation.evaluate import Evaluation
from vision_models.evaluation.interval import Estimate, mean_estimate

Verdict = Literal["better", "worse", "not_shown"]


class Difference(msgspec.Struct, frozen=True):
    """One loss: its mean for both models over the frames that both could read, and new - old with its interval."""

    measure: str
    old: float
    new: float
    difference: Estimate


class Comparison(msgspec.Struct, frozen=True):
    """Two models on the same frames."""

    old: str
    new: str
    frames_sha256: str
    differences: tuple[Difference, ...]
    verdict: Verdict


def compared(old: Evaluation, new: Evaluation) -> Comparison:
    """Hold the new model against the old one. Raises DataMissing when they were not judged on the same frames."""
    if (old.kind, old.frames_sha256) != (new.kind, new.frames_sha256):
        raise DataMissing(f"{old.model} and {new.model} were judged on other frames or tasks; give both the same folder")
    differences = tuple(_difference(measure, old, new) for measure in sorted(old.losses.keys() & new.losses.keys()))
    return Comparison(old.model, new.model, old.frames_sha256, differences, _verdict(differences))


def worded(comparison: Comparison) -> list[str]:
    """Lines a person can read."""
    lines = [f"old {comparison.old}", f"new {comparison.new}"]
    for one in comparison.differences:
        found = one.difference
        change = f"{found.value:+.3f}, 95 % {found.low:+.3f} to {found.high:+.3f}, n {found.n}"
        lines.append(f"{one.measure:14}{one.old:8.3f} →{one.new:7.3f}   {change}")
    said = {
        "better": "the new model is better: roll it out",
        "worse": "the new model is worse: keep the old one",
        "not_shown": "the new model is not shown to be better: keep the old one, or label more frames",
    }
    return [*lines, said[comparison.verdict]]


def _difference(measure: str, old: Evaluation, new: Evaluation) -> Difference:
    before, after = old.losses[measure], new.losses[measure]
    names = sorted(before.keys() & after.keys())
    if not names:
        raise DataMissing(f"{measure}: no frame could be read by both models; look at what was left out")
    was, now = np.array([before[name] for name in names]), np.array([after[name] for name in names])
    paired = (now - was).astype(np.float32)
    return Difference(measure, float(was.mean()), float(now.mean()), mean_estimate(paired))


def _verdict(differences: tuple[Difference, ...]) -> Verdict:
    if any(one.difference.low > 0 for one in differences):
        return "worse"
    return "better" if any(one.difference.high < 0 for one in differences) else "not_shown"
