"""Teaching the inspection model from pictures of good parts alone, with no more than a device has.

The network is not trained: its features of ImageNet are used as they are. What is learnt is how good parts vary
(`Normality`) and where to put the limit (`limit`). Each taught part is judged by a model that has not seen it (ten folds). A
part among them that no other resembles is named as a suspect and has no say in the limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from vision_models.errors import TeachingRefused
from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.defects import MARGIN_SHARE, Verdicts, seen
from vision_models.inference.heatmap import smoothed, top_mean
from vision_models.inference.limit import normal_scores, suspects
from vision_models.inference.manifest import InputSpec
from vision_models.inference.normality import Normality, calmed, distances, joined, whitened
from vision_models.inference.patch_memory import remembered
from vision_models.inference.preprocess import normalised
from vision_models.inference.session import Graph

_LEAST_PICTURES, _FOLDS = 8, 10
_MOST_SUSPECT_SHARE = 0.2
_PLACE_PX = 8
_SCALE_FOLDS = 4
_SEED = 20261124
_NONE = np.zeros(0, dtype=np.float32)
_STEPS = np.linspace(-3.0, 12.0, 76)


@dataclass(frozen=True)
class Lesson:
    """How the inspection model is taught. kind: `places` for parts that lie the same way each time, `memory` for those that
    do not; false_alarm_rate: share of good parts that may be called defective; dimensions, patches: of the memory."""

    input: InputSpec
    is_aligned: bool
    kind: Literal["places", "memory"] = "places"
    false_alarm_rate: float = 0.01
    top_share: float = 0.005
    smoothing: float = 0.8
    dimensions: int = 48
    patches: int = 2000

    @property
    def border(self) -> int:
        """Places at the edge that show no part: those of the margin around an aligned part, else none."""
        return round(MARGIN_SHARE * self.input.width_px / _PLACE_PX) if self.is_aligned else 0


@dataclass(frozen=True)
class Taught:
    """What was learnt, the scores of the taught parts as left out, in units of the limit, and which of the pictures
    (numbers from 0) look like no other: a flaw among them, or a part of another kind."""

    normality: Normality
    verdicts: Verdicts
    left_out_scores: Floats
    suspects: tuple[int, ...]


def teach(graph: Graph, pictures: Sequence[Picture], lesson: Lesson) -> Taught:
    """Learn from n >= 8 pictures of good parts. Raises TeachingRefused, PictureUnusable."""
    if len(pictures) < _LEAST_PICTURES:
        raise TeachingRefused(f"{len(pictures)} good pictures are too few: at least {_LEAST_PICTURES}, better 30")
    return taught_from(np.stack([features_of(graph, picture, lesson) for picture in pictures]), lesson)


def taught_from(features: Floats, lesson: Lesson) -> Taught:
    """Learn from the features (n, h, w, c) of good parts. Raises TeachingRefused naming pictures that fit no other."""
    maps = _left_out_maps(features, lesson)
    scores = np.array([top_mean(one, lesson.top_share) for one in maps], dtype=np.float32)
    peaks = np.array([one.max() for one in maps], dtype=np.float32)
    strange = tuple(int(index) for index in np.flatnonzero(suspects(scores)))
    if len(strange) > _MOST_SUSPECT_SHARE * len(scores):
        named = ", ".join(str(index + 1) for index in strange)
        raise TeachingRefused(f"pictures {named} look unlike the others: these are no pictures of one kind of good part")
    verdicts = Verdicts(
        score_limit=normal_scores(scores).limit(lesson.false_alarm_rate),
        place_limit=normal_scores(peaks).limit(lesson.false_alarm_rate),
        top_share=lesson.top_share,
        smoothing=lesson.smoothing,
        border=lesson.border,
        is_aligned=lesson.is_aligned,
    )
    kept = np.delete(features, strange, axis=0) if lesson.kind == "places" else features
    normality = _with_p_values(learnt(kept, lesson), scores)
    return Taught(normality, verdicts, (scores / verdicts.score_limit).astype(np.float32), strange)


def learnt(features: Floats, lesson: Lesson) -> Normality:
    """How good parts (n, h, w, c) vary; says nothing yet about how rare a score is."""
    if lesson.kind == "memory":
        return _memorised(features, lesson)
    whitening = whitening_of(features)
    white = np.stack([whitened(one, whitening) for one in features])
    scale = _usual_distance(_left_out_distances(white))
    return Normality(whitening, white.mean(axis=0), scale, _NONE, _NONE)


def _memorised(features: Floats, lesson: Lesson) -> Normality:
    """A memory of the parts, and the usual distance of each place to memories of half the size without that part."""
    rng = np.random.default_rng(_SEED)
    fold_of = np.arange(len(features)) % _SCALE_FOLDS
    left_out: list[Floats] = []
    for fold in range(_SCALE_FOLDS):
        memory = remembered(features[fold_of != fold], lesson.dimensions, lesson.patches // 2, rng)
        left_out += [memory.distances(one) for one in features[fold_of == fold]]
    memory = remembered(features, lesson.dimensions, lesson.patches, rng)
    return Normality(
        np.zeros((0, 0), np.float32), np.zeros((0, 0, 0), np.float32), _usual_distance(left_out), _NONE, _NONE, memory=memory
    )


def features_of(graph: Graph, picture: Picture, lesson: Lesson) -> Floats:
    """Features (h, w, c) of one picture as the detector will see it. Raises PictureUnusable."""
    taps = graph.run(normalised(seen(picture, lesson.input, lesson.is_aligned).pixels))
    return joined(taps["fine"], taps["coarse"])


def whitening_of(features: Floats) -> Floats:
    """The map (c, c) after which deviations of good parts (n, h, w, c) from their place's mean are spread alike.

    Covariance of all places, shrunk towards its own diagonal mean by the share of Ledoit and Wolf (2004).
    """
    count, channels = features.shape[0], features.shape[3]
    deviations = (features - features.mean(axis=0)).reshape(-1, channels).astype(np.float64)
    deviations *= np.sqrt(count / (count - 1))
    covariance = deviations.T @ deviations / len(deviations)
    # Neighbouring places move together: count pictures, not places, as the independent witnesses.
    shrink = min(1.0, channels / (channels + count * 10.0))
    covariance = (1 - shrink) * covariance + shrink * np.eye(channels) * np.trace(covariance) / channels
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors / np.sqrt(np.maximum(values, 1e-9)), dtype=np.float32)


def _with_p_values(normality: Normality, scores: Floats) -> Normality:
    """The normality with the table from score to share of good parts that reach it."""
    normal = normal_scores(scores)
    reached = np.exp(normal.centre + normal.spread * _STEPS)
    return replace(
        normality,
        limit_scores=reached.astype(np.float32),
        limit_p_values=np.maximum(normal.p_values(reached), 1e-9).astype(np.float32),
        taught_scores=scores,
    )


def _left_out_maps(features: Floats, lesson: Lesson) -> list[Floats]:
    """The map of each part by a model that has not seen it: one of ten lessons, each without a tenth of the parts.

    Mean, covariance and usual distances are all learnt anew; leaving a part out of the mean alone promised 1 % of false
    alarms and gave 8 % on rendered parts.
    """
    count = len(features)
    maps: dict[int, Floats] = {}
    for fold in range(min(_FOLDS, count)):
        left_out = np.arange(count) % min(_FOLDS, count) == fold
        normality = learnt(features[~left_out], lesson)
        for index in np.flatnonzero(left_out):
            maps[int(index)] = calmed(normality.strangeness(features[index]), lesson.smoothing, lesson.border)
    return [maps[index] for index in range(count)]


def _left_out_distances(white: Floats) -> list[Floats]:
    """Distance maps (h, w) of each part from the mean of the others; whitened features (n, h, w, c)."""
    total, count = white.sum(axis=0), len(white)
    return [distances(one, (total - one) / (count - 1)) for one in white]


def _usual_distance(left_out: list[Floats]) -> Floats:
    """Root mean square distance of good parts at each place, evened out, and never far below that of all places."""
    squares = np.mean(np.square(left_out), axis=0, dtype=np.float32)
    local = smoothed(np.asarray(squares, dtype=np.float32), 1.0)
    return np.asarray(np.sqrt(0.7 * local + 0.3 * squares.mean()), dtype=np.float32)
