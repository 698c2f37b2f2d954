"""Teaching YOLO11n instead of our own detector: the optional second trainer, AGPL-3.0.

Ultralytics runs as a program of its own, `yolo`, in the training environment, with variables of ours: offline, nothing
installed on the way, its settings in the workshop. Nothing here imports it. It starts from YAML, without published weights,
and works on a copy of the pictures, because it writes label caches beside them. What it leaves is dressed as a counting
graph of ours and gets a draft like any other, marked AGPL-3.0-only: so its publisher reads the licence of weights it taught.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec
import onnx

from vision_models.errors import DataMissing, TrainingFailed
from vision_models.inference.manifest import InputSpec
from vision_models.inference.preprocess import picture_paths
from vision_models.inference.session import graph_file
from vision_models.training.count_rule import fitted_rule
from vision_models.training.datasets import by_capture, capture_of, labelled_pictures
from vision_models.training.graph_file import OPSET, save_graph
from vision_models.training.release import Draft, write_draft
from vision_models.training.rule_course import candidates_of, shelf_draft
from vision_models.training.yolo_graph import as_counting_graph

LICENCE = "AGPL-3.0-only"
CREDIT = "YOLO11n taught from its YAML by ultralytics 8.4, AGPL-3.0"
_GRAPH, _FILL, _SPLITS = "shelf.onnx", 114, ("train", "train_more")


@dataclass(frozen=True)
class YoloCourse:
    """What YOLO learns from and how long. photos: folder with images/SPLIT and labels/SPLIT, of which the splits train and
    train_more are used; hold_out: captures kept for validation and the count rule; credits: whose pictures they are."""

    photos: Path
    hold_out: tuple[str, ...]
    epochs: int
    side_px: int
    version: str
    credits: tuple[str, ...] = ()


def teach_yolo(course: YoloCourse, out: Path) -> Draft:
    """Teach, export and fit the count rule on what was held out; leaves a draft in `out`.

    Raises DataMissing, TrainingFailed when the program is absent or ends with an error, ReleaseImpossible.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="yolo-") as name:
        workshop = Path(name)
        data = _copied(course, workshop)
        save_graph(as_counting_graph(onnx.load(str(_taught(course, data, workshop)))), out / _GRAPH)
        held_out = by_capture(labelled_pictures(workshop / "images" / "val", workshop / "labels" / "val"))
    spec = InputSpec(course.side_px, course.side_px, _FILL)
    rule = fitted_rule(candidates_of(graph_file(out / _GRAPH), spec, held_out))
    plain = shelf_draft(course.version, spec, rule)
    draft = msgspec.structs.replace(plain, licence=LICENCE, credits=(CREDIT, *course.credits))
    write_draft(out, draft)
    return draft


def _copied(course: YoloCourse, workshop: Path) -> Path:
    """The pictures and labels in the workshop, split by capture, and the file that says so to `yolo`. Raises DataMissing."""
    for split in _SPLITS:
        images = course.photos / "images" / split
        for path in picture_paths(images) if images.is_dir() else ():
            side = "val" if capture_of(path.stem) in course.hold_out else "train"
            _copy(path, workshop / "images" / side)
            _copy(course.photos / "labels" / split / f"{path.stem}.txt", workshop / "labels" / side)
    for side in ("train", "val"):
        if not (workshop / "images" / side).is_dir():
            raise DataMissing(f"{course.photos}: no picture to {side} with when {', '.join(course.hold_out)} is held out")
    data = workshop / "data.yaml"
    # JSON is YAML.
    data.write_text(json.dumps({"path": str(workshop), "train": "images/train", "val": "images/val", "names": ["carton"]}))
    return data


def _copy(path: Path, folder: Path) -> None:
    """A copy of the file, if there is one: a picture without labels shows nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    if path.exists():
        shutil.copyfile(path, folder / path.name)


def _taught(course: YoloCourse, data: Path, workshop: Path) -> Path:
    """The graph of the best epoch. Raises TrainingFailed."""
    taught = [f"data={data}", f"epochs={course.epochs}", f"imgsz={course.side_px}", "batch=8", "single_cls=True"]
    quiet = ["pretrained=False", "amp=False", "plots=False", "workers=0", "seed=0", f"project={workshop}", "name=run"]
    _yolo(["detect", "train", "model=yolo11n.yaml", *taught, *quiet], workshop)
    best = workshop / "run" / "weights" / "best.pt"
    _yolo(["export", f"model={best}", "format=onnx", f"opset={OPSET}", f"imgsz={course.side_px}"], workshop)
    return best.with_suffix(".onnx")


def _yolo(arguments: list[str], workshop: Path) -> None:
    """Run `yolo` to its end, its progress on this terminal. Raises TrainingFailed."""
    program = Path(sys.executable).with_name("yolo")
    environment = {
        "PATH": f"{program.parent}:{os.defpath}",
        "HOME": str(workshop),
        "YOLO_CONFIG_DIR": str(workshop),
        "YOLO_OFFLINE": "true",
        "YOLO_AUTOINSTALL": "false",
    }
    try:
        ended = subprocess.run([str(program), *arguments], cwd=workshop, env=environment, check=False)
    except OSError as error:
        raise TrainingFailed(f"{program}: {error.strerror}; install the extra `train`, run this in .venv-train") from error
    if ended.returncode:
        raise TrainingFailed(f"yolo {arguments[0]} ended with {ended.returncode}; the lines above say why")
