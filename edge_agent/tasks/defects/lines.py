"""Above which score a part fails, and from which a person looks: from the settings and from what the model was taught.

They are worked out when the settings are applied, so a twin that changes them needs no other model.
"""

from dataclasses import dataclass
from typing import Protocol

from edge_agent.tasks.defects.settings import Settings
from vision_models.inference.arrays import Floats
from vision_models.inference.limit import Costs, normal_scores, review_from, sharpened

_LEAST_TAUGHT = 5


class Scale(Protocol):
    """What a detector knows of scores: `vision_models.inference.defects.DefectDetector`."""

    @property
    def taught_scores(self) -> Floats:
        """Of the parts it was taught, each as left out, 1 at its own limit; empty when it does not know."""
        ...

    def limit_for(self, false_alarm_rate: float) -> float | None:
        """The score that this share of good parts reaches; None when nothing was learnt about it."""
        ...


@dataclass(frozen=True)
class Lines:
    """fail: a part above fails; review: one above, and not above the other, goes to a person."""

    fail: float
    review: float


def lines(settings: Settings, scale: Scale) -> Lines:
    """A chosen false-alarm rate, sharpened by what people said, goes before the threshold."""
    fail = _fail(settings, scale)
    scores = scale.taught_scores
    if settings.costs is None or len(scores) < _LEAST_TAUGHT:
        return Lines(fail, fail * (1 - settings.review_share))
    return Lines(fail, review_from(normal_scores(scores), fail, Costs(*settings.costs), settings.defect_share))


def _fail(settings: Settings, scale: Scale) -> float:
    rate, scores = settings.false_alarm_rate, scale.taught_scores
    if rate is None:
        return settings.threshold
    if len(scores) >= _LEAST_TAUGHT:
        return sharpened(scores, rate, settings.confirmed_good, settings.rejected).score
    return scale.limit_for(rate) or settings.threshold
