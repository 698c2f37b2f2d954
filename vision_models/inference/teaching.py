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
from vision_models.inference.arrays import Floats, Mask, Picture
from vision_models.inference.defects import MARGIN_SHARE, Verdicts, seen
from vision_models.inference.heatmap import smoothed, top_mean
from vision_models.inference.limit import apart, normal_scores, suspects
from vision_models.inference.manifest import InputSpec
from vision_models.inference.neighbourhoods import learnt_neighbourhoods
from vision_models.inference.normality import Normality, calmed, distances, joined, whitened
from vision_models.inference.patch_memory import left_out_distances, remembered_from
from vision_models.inference.preprocess import normalised
from vision_models.inference.session import Graph

_LEAST_PICTURES, _FOLDS = 8, 10
_MOST_SUSPECT_SHARE = 0.2
_PLACE_PX = 8
_SEED = 20261124
_NONE = np.zeros(0, dtype=np.float32)
Kind = Literal["places", "memory", "neighbourhoods", "by_count"]
_STEPS = np.linspace(-3.0, 12.0, 76)


@dataclass(frozen=True)
class Lesson:
    """How the inspection model is taught. kind: `places` for parts that lie the same way each time, `memory` for those that
    do not, `neighbourhoods` for surfaces; `by_count`: neighbourhoods if as many pictures are taught as there are channels,
    enough for a covariance, else the memory. false_alarm_rate: share of good parts that may be called defective; dimensions,
    patches: of the memory."""

    input: InputSpec
    is_aligned: bool
    kind: Kind = "places"
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
    lesson = _decided(features, lesson)
    normality, maps = _with_left_out_maps(features, lesson)
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
    if strange and lesson.kind == "places":
        normality = learnt(np.delete(features, strange, axis=0))
    normality = _with_p_values(normality, scores)
    return Taught(normality, verdicts, (scores / verdicts.score_limit).astype(np.float32), strange)


def learnt(features: Floats) -> Normality:
    """How good parts (n, h, w, c) that lie alike vary, place by place; says nothing yet about how rare a score is."""
    whitening = whitening_of(features)
    white = np.stack([whitened(one, whitening) for one in features])
    scale = _usual_distance(_left_out_distances(white))
    return Normality(whitening, white.mean(axis=0), scale, _NONE, _NONE)


def _decided(features: Floats, lesson: Lesson) -> Lesson:
    if lesson.kind != "by_count":
        return lesson
    return replace(lesson, kind="neighbourhoods" if len(features) >= features.shape[3] else "memory")


def _with_left_out_maps(features: Floats, lesson: Lesson) -> tuple[Normality, list[Floats]]:
    """What all parts teach, and the map of each by what the others do."""
    if lesson.kind == "places":
        return learnt(features), _left_out_maps(features, lesson)
    if lesson.kind == "memory":
        rng = np.random.default_rng(_SEED)
        memory, part_of = remembered_from(features, lesson.dimensions, lesson.patches, rng)
        away, near = left_out_distances(features, memory, part_of), None
    else:
        memory, near, away = None, learnt_neighbourhoods(features), _left_out_neighbourhoods(features)
    scale, maps = _measured(away, lesson)
    empty = np.zeros((0, 0), np.float32), np.zeros((0, 0, 0), np.float32)
    return Normality(*empty, scale, _NONE, _NONE, memory=memory, neighbourhoods=near), maps


def _measured(away: list[Floats], lesson: Lesson) -> tuple[Floats, list[Floats]]:
    """The usual distance at each place, and the map of each part by that of the others; parts that have no say in the limit
    have none here, so that one flaw does not excuse the next at its place."""
    everyone = np.ones(len(away), dtype=np.bool_)
    maps = _by_others(away, everyone, lesson)
    counted = ~apart(np.array([top_mean(one, lesson.top_share) for one in maps], dtype=np.float32))
    maps = maps if counted.all() else _by_others(away, counted, lesson)
    return _usual_distance([one for one, counts in zip(away, counted, strict=True) if counts]), maps


def _by_others(away: list[Floats], counted: Mask, lesson: Lesson) -> list[Floats]:
    squares = np.square(away)
    total, count = squares[counted].sum(axis=0), int(counted.sum())
    usual = [_usual_of((total - own * counts) / (count - counts)) for own, counts in zip(squares, counted, strict=True)]
    return [calmed(one / scale, lesson.smoothing, lesson.border) for one, scale in zip(away, usual, strict=True)]


def _left_out_neighbourhoods(features: Floats) -> list[Floats]:
    """Distances (h, w) of each part by neighbourhoods learnt without a tenth of the parts, its own among them."""
    fold_of = np.arange(len(features)) % _FOLDS
    known = [learnt_neighbourhoods(features[fold_of != fold]) for fold in range(_FOLDS)]
    return [known[fold].distances(one) for fold, one in zip(fold_of, features, strict=True)]


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
        normality = learnt(features[~left_out])
        for index in np.flatnonzero(left_out):
            maps[int(index)] = calmed(normality.strangeness(features[index]), lesson.smoothing, lesson.border)
    return [maps[index] for index in range(count)]


def _left_out_distances(white: Floats) -> list[Floats]:
    """Distance maps (h, w) of each part from the mean of the others; whitened features (n, h, w, c)."""
    total, count = white.sum(axis=0), len(white)
    return [distances(one, (total - one) / (count - 1)) for one in white]


def _usual_distance(left_out: list[Floats]) -> Floats:
    """Root mean square distance of good parts at each place, evened out, and never far below that of all places."""
    return _usual_of(np.mean(np.square(left_out), axis=0, dtype=np.float32))


def _usual_of(squares: Floats) -> Floats:
    local = smoothed(np.asarray(squares, dtype=np.float32), 1.0)
    return np.asarray(np.sqrt(0.7 * local + 0.3 * squares.mean()), dtype=np.float32)
