"""Teaching the inspection model from pictures of good parts alone.

The network is not trained: its features of ImageNet are used as they are. What is learnt is how good parts vary
(`Normality`) and where to put the limit. Each taught part is judged by a model that has not seen it (ten folds), and the
limit is the score that a further good part exceeds with the false-alarm rate one asks for: the upper prediction bound of a
log-normal, Student's t with n - 1 degrees of freedom, so that few pictures give a wider margin instead of a false promise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import t as student_t

from vision_models.errors import DataMissing
from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.defects import MARGIN_SHARE, Verdicts, seen
from vision_models.inference.heatmap import smoothed, top_mean
from vision_models.inference.manifest import InputSpec
from vision_models.inference.normality import Normality, calmed, distances, joined, whitened
from vision_models.inference.preprocess import normalised
from vision_models.inference.session import Graph

_LEAST_PICTURES, _FOLDS = 5, 10
_PLACE_PX = 8
_LEAST_LOG_SPREAD = 0.03
_NO_TABLE = (np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.float32))


@dataclass(frozen=True)
class Lesson:
    """How the inspection model is taught. false_alarm_rate: share of good parts that may be called defective."""

    input: InputSpec
    is_aligned: bool
    false_alarm_rate: float = 0.01
    top_share: float = 0.005
    smoothing: float = 0.8

    @property
    def border(self) -> int:
        """Places at the edge that show no part: those of the margin around an aligned part, else none."""
        return round(MARGIN_SHARE * self.input.width_px / _PLACE_PX) if self.is_aligned else 0


@dataclass(frozen=True)
class Taught:
    """What was learnt, and the scores of the taught parts as left out, in units of the limit."""

    normality: Normality
    verdicts: Verdicts
    left_out_scores: Floats


def teach(graph: Graph, pictures: Sequence[Picture], lesson: Lesson) -> Taught:
    """Learn from n >= 5 pictures of good parts. Raises DataMissing for fewer."""
    if len(pictures) < _LEAST_PICTURES:
        raise DataMissing(f"{len(pictures)} good pictures: at least {_LEAST_PICTURES}, better 30, are needed to teach from")
    features = np.stack([features_of(graph, picture, lesson) for picture in pictures])
    maps = _left_out_maps(features, lesson)
    scores = np.array([top_mean(one, lesson.top_share) for one in maps])
    peaks = np.array([one.max() for one in maps])
    verdicts = Verdicts(
        score_limit=upper_bound(scores, lesson.false_alarm_rate),
        place_limit=upper_bound(peaks, lesson.false_alarm_rate),
        top_share=lesson.top_share,
        smoothing=lesson.smoothing,
        border=lesson.border,
        is_aligned=lesson.is_aligned,
    )
    normality = _with_p_values(learnt(features), scores)
    return Taught(normality, verdicts, (scores / verdicts.score_limit).astype(np.float32))


def learnt(features: Floats) -> Normality:
    """How good parts (n, h, w, c) vary; says nothing yet about how rare a score is."""
    whitening = whitening_of(features)
    white = np.stack([whitened(one, whitening) for one in features])
    scale = _usual_distance(_left_out_distances(white))
    return Normality(whitening, white.mean(axis=0), scale, *_NO_TABLE)


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


def upper_bound(scores: Floats, rate: float) -> float:
    """The score that one more draw like these n exceeds with probability `rate`."""
    centre, spread, freedom = _log_normal(scores)
    return float(np.exp(centre + spread * student_t.isf(rate, freedom)))


def _log_normal(scores: Floats) -> tuple[float, float, int]:
    """Centre and predictive spread of the logarithms, and the degrees of freedom."""
    logs = np.log(np.maximum(np.asarray(scores, dtype=np.float64), 1e-9))
    spread = max(float(logs.std(ddof=1)), _LEAST_LOG_SPREAD) * np.sqrt(1 + 1 / len(logs))
    return float(logs.mean()), float(spread), len(logs) - 1


def _with_p_values(normality: Normality, scores: Floats) -> Normality:
    """The normality with the table from score to share of good parts that reach it."""
    centre, spread, freedom = _log_normal(scores)
    steps = np.linspace(-3.0, 12.0, 76)
    return replace(
        normality,
        limit_scores=np.exp(centre + spread * steps).astype(np.float32),
        limit_p_values=np.maximum(student_t.sf(steps, freedom), 1e-9).astype(np.float32),
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
    squares = np.mean(np.square(left_out), axis=0, dtype=np.float32)
    local = smoothed(np.asarray(squares, dtype=np.float32), 1.0)
    return np.asarray(np.sqrt(0.7 * local + 0.3 * squares.mean()), dtype=np.float32)
