"""A bundle judged on labelled frames: figures with intervals, and the loss at each frame.

Two models are compared by their losses at the same frames, which tells smaller differences apart than two intervals do.
Losses: `count_error` |counted - true| of a shelf; `missed` 1 for a flawed part that passed; `false_alarm` 1 for a good part
that did not. Pictures that cannot be read are left out and named; a part the model cannot find passes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from sklearn.metrics import roc_auc_score

from vision_models.errors import DataMissing, PictureUnusable
from vision_models.evaluation.detection import Matched, matched, precision_of
from vision_models.evaluation.frames import PartFrame, ShelfFrame, fingerprint, part_frames, shelf_frames
from vision_models.evaluation.interval import Estimate, Numbers, estimate, mean_estimate
from vision_models.inference.arrays import Floats
from vision_models.inference.defects import STATISTICS, DefectDetector
from vision_models.inference.manifest import read_bundle
from vision_models.inference.picture_file import LARGEST_SIDE_PX
from vision_models.inference.preprocess import read_picture
from vision_models.inference.shelf import ShelfDetector
from vision_models.training.datasets import labelled_picture

_HEAVY_DRAWS = 200  # average precision and AUROC take a thousand times as long as a mean
Told = Callable[[int, int], None]
Heard = Callable[[Matched], None]


class Evaluation(msgspec.Struct, frozen=True):
    """A model on `frames` frames, which frames_sha256 names. losses: measure → frame → loss; left_out: could not be read."""

    kind: Literal["shelf_count", "defects"]
    model: str
    frames: int
    frames_sha256: str
    figures: Mapping[str, Estimate]
    losses: Mapping[str, Mapping[str, float]]
    left_out: tuple[str, ...] = ()


@dataclass
class _Counted:
    """What a counting model said of each frame."""

    names: list[str] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    matched: list[Matched] = field(default_factory=list)


def evaluate(
    bundle: Path,
    frames: Path,
    *trusted_keys: str,
    told: Told = lambda _done, _total: None,
    heard: Heard = lambda _matched: None,
) -> Evaluation:
    """The figures of the bundle in a folder; `told` hears how far it is, `heard` the scores of each frame and what they hit
    (a part is one detection, which hits when it is flawed). Raises BundleRejected, DataMissing."""
    if STATISTICS in read_bundle(bundle, *trusted_keys).contents:
        return _inspecting(DefectDetector.load(bundle, *trusted_keys), part_frames(frames), told, heard)
    return _counting(ShelfDetector.load(bundle, *trusted_keys), shelf_frames(frames), told, heard)


def worded(evaluation: Evaluation) -> list[str]:
    """Lines a person can read."""
    lines = [f"{evaluation.model} on {evaluation.frames} frames"]
    lines += [
        f"{name:14}{one.value:>9.3f}   95 % {one.low:.3f} to {one.high:.3f}   n {one.n}"
        for name, one in evaluation.figures.items()
    ]
    return lines + [f"left out, cannot be read: {name}" for name in evaluation.left_out]


def _counting(detector: ShelfDetector, frames: list[ShelfFrame], told: Told, heard: Heard) -> Evaluation:
    seen, left_out = _Counted(), []
    for done, frame in enumerate(frames, start=1):
        try:
            _count(detector, frame, seen)
        except (PictureUnusable, DataMissing):
            left_out.append(frame.name)
        else:
            heard(seen.matched[-1])
        told(done, len(frames))
    if not seen.names:
        raise DataMissing(f"{frames[0].picture.parent}: none of its {len(frames)} labelled pictures can be read")
    errors = np.array(seen.errors, dtype=np.float32)
    figures = {
        "count_mae": mean_estimate(errors),
        "within_one": mean_estimate((errors <= 1).astype(np.float32)),
        "ap50": estimate(len(errors), lambda chosen: precision_of([seen.matched[n] for n in chosen]), _HEAVY_DRAWS),
    }
    losses = {"count_error": dict(zip(seen.names, map(float, seen.errors), strict=True))}
    return Evaluation("shelf_count", detector.model_id, len(errors), fingerprint(frames), figures, losses, tuple(left_out))


def _count(detector: ShelfDetector, frame: ShelfFrame, seen: _Counted) -> None:
    shown = labelled_picture(frame.picture, frame.label, LARGEST_SIDE_PX)
    found = detector.candidates(shown.picture)
    area_px = float(shown.picture.shape[0] * shown.picture.shape[1])
    counted = int(detector.count_rule.counts(found.boxes_px, found.scores, area_px).sum())
    seen.names.append(frame.name)
    seen.errors.append(abs(counted - len(shown.boxes_px)))
    seen.matched.append(matched(found, shown.boxes_px))


def _inspecting(detector: DefectDetector, frames: list[PartFrame], told: Told, heard: Heard) -> Evaluation:
    good: dict[str, float] = {}
    bad: dict[str, float] = {}
    left_out = []
    for done, frame in enumerate(frames, start=1):
        try:
            score = _score(detector, frame)
        except PictureUnusable:
            left_out.append(frame.name)
        else:
            (good if frame.is_good else bad)[frame.name] = score
            hit = np.array([not frame.is_good], dtype=np.float32)
            heard(Matched(np.array([score], dtype=np.float32), hit, int(not frame.is_good)))
        told(done, len(frames))
    if not good or not bad:
        raise DataMissing(f"{frames[0].picture.parent.parent}: no {'flawed' if good else 'good'} part in it can be read")
    losses = {
        "missed": {name: float(score <= 1.0) for name, score in bad.items()},
        "false_alarm": {name: float(score > 1.0) for name, score in good.items()},
    }
    caught = mean_estimate(1 - np.array(list(losses["missed"].values()), dtype=np.float32))
    figures = {
        "recall": caught,
        "false_alarms": mean_estimate(np.array(list(losses["false_alarm"].values()), dtype=np.float32)),
        "auroc": _ranking(np.array([*good.values()]), np.array([*bad.values()])),
    }
    total = len(good) + len(bad)
    return Evaluation("defects", detector.model_id, total, fingerprint(frames), figures, losses, tuple(left_out))


def _score(detector: DefectDetector, frame: PartFrame) -> float:
    """1 at the limit; 0 for a picture in which the model finds no part, which it therefore lets pass."""
    picture = read_picture(frame.picture)
    try:
        return detector.inspect(picture).score
    except PictureUnusable:
        return 0.0


def _ranking(good: Floats, bad: Floats) -> Estimate:
    """Chance that a flawed part scores above a good one; one of either kind is in every draw of frames."""
    scores, truth = np.concatenate([good, bad]), np.repeat([0, 1], [len(good), len(bad)])

    def auroc(chosen: Numbers) -> float:
        kinds = truth[chosen]
        return float(roc_auc_score(kinds, scores[chosen])) if 0 < kinds.sum() < len(kinds) else float("nan")

    return estimate(len(scores), auroc, _HEAVY_DRAWS)
