"""Judging a bundle on a folder of pictures, with the trivial answer beside it: what a model card's table says."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from vision_models.errors import DataMissing
from vision_models.evaluation.anomaly import InspectionFigures, grey_level_scores, inspection_figures
from vision_models.evaluation.detection import CountFigures, average_precision, count_figures
from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.defects import DefectDetector
from vision_models.inference.preprocess import read_picture
from vision_models.inference.shelf import ShelfDetector

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
# What is not a kind of flaw among the folders of a set of parts.
_NO_FLAWS = frozenset({"good", "ground_truth"})


@dataclass(frozen=True)
class CountTable:
    """A counting model on a set of pictures; mean_count is the trivial answer: always the mean of the taught pictures."""

    ap50: float
    model: CountFigures
    mean_count: CountFigures


@dataclass(frozen=True)
class InspectionTable:
    """An inspection model on a set of parts; grey_level is the trivial answer. recall_by_kind: of each folder of flaws."""

    model: InspectionFigures
    grey_level: InspectionFigures
    recall_by_kind: Mapping[str, float]


def count_table(detector: ShelfDetector, pictures: Sequence[tuple[Picture, Floats]], taught_mean: float) -> CountTable:
    """Figures over pictures with their true boxes (k, 4); `taught_mean` is the mean count of the taught pictures."""
    candidates = [detector.candidates(picture) for picture, _ in pictures]
    truths = [boxes for _, boxes in pictures]
    areas_px = [float(picture.shape[0] * picture.shape[1]) for picture, _ in pictures]
    counted = [
        int(detector.count_rule.counts(found.boxes_px, found.scores, area_px).sum())
        for found, area_px in zip(candidates, areas_px, strict=True)
    ]
    true = np.array([len(boxes) for boxes in truths])
    return CountTable(
        ap50=average_precision(candidates, truths),
        model=count_figures(np.array(counted), true),
        mean_count=count_figures(np.full(len(true), round(taught_mean)), true),
    )


def inspection_table(detector: DefectDetector, folder: Path, taught: Path) -> InspectionTable:
    """Figures over a folder with `good/` and one folder a kind of flaw; `taught` holds the pictures taught from."""
    kinds = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name not in _NO_FLAWS)
    good, bad = pictures_in(folder / "good"), {kind: pictures_in(folder / kind) for kind in kinds}
    scores = {kind: _scores(detector, pictures) for kind, pictures in bad.items()}
    all_bad = [picture for pictures in bad.values() for picture in pictures]
    examples = pictures_in(taught)
    grey_good, grey_bad = grey_level_scores(good, examples), grey_level_scores(all_bad, examples)
    return InspectionTable(
        model=inspection_figures(_scores(detector, good), np.concatenate(list(scores.values())), limit=1.0),
        grey_level=inspection_figures(grey_good, grey_bad, limit=1.0),
        recall_by_kind={kind: float((values > 1.0).mean()) for kind, values in scores.items()},
    )


def pictures_in(folder: Path) -> list[Picture]:
    """The pictures of a folder in the order of their names. Raises DataMissing, PictureUnusable."""
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in _SUFFIXES)
    if not paths:
        raise DataMissing(f"{folder}: no JPEG or PNG in it; expected `good` and one folder for each kind of flaw")
    return [read_picture(path) for path in paths]


def as_lines(table: CountTable | InspectionTable) -> list[str]:
    """The table as lines a person can read: one a figure, the trivial answer in the second column."""
    if isinstance(table, CountTable):
        rows = _rows(asdict(table.model), asdict(table.mean_count))
        return [f"{'':16}{'model':>12}{'mean count':>14}", *rows, f"{'ap50':16}{table.ap50:>12.3f}{'-':>14}"]
    kinds = [f"{'recall ' + kind:16}{recall:>12.3f}{'-':>14}" for kind, recall in table.recall_by_kind.items()]
    return [f"{'':16}{'model':>12}{'grey level':>14}", *_rows(asdict(table.model), asdict(table.grey_level)), *kinds]


def _rows(model: dict[str, float], trivial: dict[str, float]) -> list[str]:
    return [f"{name:16}{value:>12.3f}{trivial[name]:>14.3f}" for name, value in model.items()]


def _scores(detector: DefectDetector, pictures: Sequence[Picture]) -> Floats:
    return np.array([detector.inspect(picture).score for picture in pictures], dtype=np.float32)
