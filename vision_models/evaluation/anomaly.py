"""Figures of an inspection model: how well it ranks good before bad, and what its limit catches and wrongly refuses.

The trivial answer beside it is one grey-level limit: the mean grey value of a picture farther from that of the taught parts
than any of theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from vision_models.inference.arrays import Floats, Picture


@dataclass(frozen=True)
class InspectionFigures:
    """auroc: chance that a bad part scores above a good one; recall: share of bad parts called defective; false_alarms:
    share of good ones called so."""

    good: int
    bad: int
    auroc: float
    recall: float
    false_alarms: float


def inspection_figures(good_scores: Floats, bad_scores: Floats, limit: float) -> InspectionFigures:
    """Figures from scores of good and bad parts, a part above `limit` being called defective."""
    truth = np.concatenate([np.zeros(len(good_scores)), np.ones(len(bad_scores))])
    return InspectionFigures(
        good=len(good_scores),
        bad=len(bad_scores),
        auroc=float(roc_auc_score(truth, np.concatenate([good_scores, bad_scores]))),
        recall=float((bad_scores > limit).mean()),
        false_alarms=float((good_scores > limit).mean()),
    )


def grey_level_scores(pictures: Sequence[Picture], taught: Sequence[Picture]) -> Floats:
    """The trivial answer: distance of each picture's mean grey from the middle of the taught ones, 1 at their farthest."""
    levels = np.array([picture.mean() for picture in taught])
    reach = max(float(np.abs(levels - levels.mean()).max()), 1e-6)
    return np.array([abs(picture.mean() - levels.mean()) / reach for picture in pictures], dtype=np.float32)
