"""Whole courses of teaching: from folders of pictures to a draft that can be released."""

import hashlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import structlog
import torch

from vision_models.inference import teaching as defects
from vision_models.inference.defects import STATISTICS, Verdicts
from vision_models.inference.manifest import InputSpec
from vision_models.inference.normality import save_normality
from vision_models.inference.preprocess import picture_paths, read_picture
from vision_models.inference.session import graph_file
from vision_models.training import shelf
from vision_models.training.backbone import imagenet_backbone
from vision_models.training.count_rule import fitted_rule
from vision_models.training.export import Taps, export_graph
from vision_models.training.net import Deployed
from vision_models.training.release import Draft, write_draft
from vision_models.training.rule_course import BACKBONE_CREDIT, LICENCE, candidates_of, shelf_draft, taught_and_held_out

log = structlog.get_logger(__name__)
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
    training, groups = taught_and_held_out(course.photos, course.rendered, course.hold_out)
    torch.set_num_threads(1)
    net = shelf.teach(recipe, course.wheel, training, {name: some[:40] for name, some in groups.items()})
    spec = InputSpec(recipe.side_px, recipe.side_px, shelf.FILL)
    export_graph(Deployed(net), out / "shelf.onnx", spec, ("scores", "boxes"))
    rule = fitted_rule(candidates_of(graph_file(out / "shelf.onnx"), spec, groups))
    draft = shelf_draft(course.version, spec, rule)
    write_draft(out, draft)
    return draft


def teach_defects(good: Path, wheel: Path, lesson: defects.Lesson, version: str, out: Path) -> Draft:
    """Learn from the pictures of good parts in a folder; leaves a draft in `out`. Raises DataMissing."""
    out.mkdir(parents=True, exist_ok=True)
    export_graph(Taps(imagenet_backbone(wheel, last_stage=13)), out / "taps.onnx", lesson.input, ("fine", "coarse"))
    taught = defects.teach(graph_file(out / "taps.onnx"), [read_picture(path) for path in picture_paths(good)], lesson)
    log.info("taught", pictures=len(taught.left_out_scores), highest_left_out=round(float(taught.left_out_scores.max()), 3))
    network = hashlib.sha256((out / "taps.onnx").read_bytes()).hexdigest()
    save_normality(out / STATISTICS, replace(taught.normality, backbone=network))
    draft = _defects_draft(lesson, taught.verdicts, version)
    write_draft(out, draft)
    return draft


def _defects_draft(lesson: defects.Lesson, verdicts: Verdicts, version: str) -> Draft:
    """The draft of an inspection model: its settings are the fields of `Verdicts` and what was promised."""
    return Draft(
        name="defects",
        version=version,
        graph="taps.onnx",
        other_files=(STATISTICS,),
        input=lesson.input,
        settings={
            **{name: float(value) for name, value in asdict(verdicts).items()},
            "false_alarm_rate": lesson.false_alarm_rate,
        },
        licence=LICENCE,
        credits=(BACKBONE_CREDIT,),
    )


def grey_input(height_px: int, width_px: int) -> InputSpec:
    """An input of this size, letterboxed with middle grey."""
    return InputSpec(height_px, width_px, _GREY)
