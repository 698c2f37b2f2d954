"""Judging a bundle on a folder of pictures, with the trivial answer beside it: what a model card's table says."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np

from vision_models.errors import DataMissing
from vision_models.evaluation.anomaly import InspectionFigures, grey_level_scores, inspection_figures
from vision_models.evaluation.detection import CountFigures, average_precision, count_figures
from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.defects import DefectDetector
from vision_models.inference.preprocess import picture_paths, read_picture
from vision_models.inference.shelf import ShelfDetector

# What is not a kind of flaw among the folders of a set of parts.
_NO_FLAWS = frozenset({"good", "ground_truth"})
# A picture (h, w, 3) and its true boxes (k, 4).
Truth = tuple[Picture, Floats]


@dataclass(frozen=True)
class CountTable:
    """A counting model on a set of pictures; constant is the trivial answer: one count for all, the median of the taught."""

    ap50: float
    model: CountFigures
    constant: CountFigures


@dataclass(frozen=True)
class InspectionTable:
    """An inspection model on a set of parts; grey_level is the trivial answer. recall_by_kind: of each folder of flaws."""

    model: InspectionFigures
    grey_level: InspectionFigures
    recall_by_kind: Mapping[str, float]


def count_table(detector: ShelfDetector, pictures: Sequence[Truth], taught: Sequence[int]) -> CountTable:
    """Figures over pictures with their true boxes; `taught`: how many things each picture taught from shows.

    The median is the constant with the smallest mean error on what was taught, so the hardest to beat.
    """
    ap50, figures = counting(detector, pictures)
    true = np.array([len(boxes) for _, boxes in pictures])
    return CountTable(ap50, figures, count_figures(np.full(len(true), round(median(taught))), true))


def counting(detector: ShelfDetector, pictures: Sequence[Truth]) -> tuple[float, CountFigures]:
    """Average precision at IoU 0.5 and errors of the count over pictures with their true boxes."""
    candidates = [detector.candidates(picture) for picture, _ in pictures]
    areas_px = [float(picture.shape[0] * picture.shape[1]) for picture, _ in pictures]
    counted = [
        int(detector.count_rule.counts(found.boxes_px, found.scores, area_px).sum())
        for found, area_px in zip(candidates, areas_px, strict=True)
    ]
    truths = [boxes for _, boxes in pictures]
    true = np.array([len(boxes) for boxes in truths])
    return average_precision(candidates, truths), count_figures(np.array(counted), true)


def inspection_table(detector: DefectDetector, folder: Path, taught: Path) -> InspectionTable:
    """Figures over a folder with `good/` and one folder a kind of flaw; `taught` holds the pictures taught from.

    Raises DataMissing, PictureUnusable.
    """
    good = pictures_in(folder / "good")
    kinds = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name not in _NO_FLAWS)
    if not kinds:
        raise DataMissing(f"{folder}: only good parts in it; recall needs a folder of pictures for each kind of flaw")
    bad = {kind: pictures_in(folder / kind) for kind in kinds}
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
    return [read_picture(path) for path in picture_paths(folder)]


def as_lines(table: CountTable | InspectionTable) -> list[str]:
    """The table as lines a person can read: one a figure, the trivial answer in the second column."""
    if isinstance(table, CountTable):
        rows = _rows(asdict(table.model), asdict(table.constant))
        return [f"{'':16}{'model':>12}{'constant':>14}", *rows, f"{'ap50':16}{table.ap50:>12.3f}{'-':>14}"]
    kinds = [f"{'recall ' + kind:16}{recall:>12.3f}{'-':>14}" for kind, recall in table.recall_by_kind.items()]
    return [f"{'':16}{'model':>12}{'grey level':>14}", *_rows(asdict(table.model), asdict(table.grey_level)), *kinds]


def _rows(model: dict[str, float], trivial: dict[str, float]) -> list[str]:
    return [f"{name:16}{value:>12.3f}{trivial[name]:>14.3f}" for name, value in model.items()]


def _scores(detector: DefectDetector, pictures: Sequence[Picture]) -> Floats:
    return np.array([detector.inspect(picture).score for picture in pictures], dtype=np.float32)
