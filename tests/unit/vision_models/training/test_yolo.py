"""The second trainer: a program of its own, from pictures to a bundle that devices read."""

import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import pytest

from firmware_sim.render.picture_set import shelf_pictures
from protocols.signing import new_key, public_text
from vision_models.errors import DataMissing, TrainingFailed
from vision_models.inference.preprocess import read_picture
from vision_models.inference.shelf import ShelfDetector
from vision_models.training.release import release
from vision_models.training.yolo import YoloCourse, teach_yolo

HAS_YOLO = find_spec("ultralytics") is not None


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Eight shelves of capture `a` and four of capture `b`, with a label each that holds one carton."""
    folder = tmp_path / "photos"
    for kind in ("images", "labels"):
        (folder / kind / "train").mkdir(parents=True)
    for number, shown in enumerate(shelf_pictures(4_000_006, frames=3)):
        name = f"{'a' if number < 8 else 'b'}-{number}"
        cv2.imwrite(str(folder / "images" / "train" / f"{name}.jpg"), shown.picture)
        (folder / "labels" / "train" / f"{name}.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    return folder


def course(photos: Path, *hold_out: str) -> YoloCourse:
    return YoloCourse(photos, hold_out, epochs=1, side_px=64, version="0.0.1", credits=("somebody, CC BY 4.0",))


@pytest.mark.slow
@pytest.mark.skipif(not HAS_YOLO, reason="ultralytics lives in the training environment only")
def test_pictures_become_a_bundle_marked_agpl(photos: Path, tmp_path: Path) -> None:
    """One round on tiny pictures: worthless as a model, whole as a bundle; the pictures stay as they were."""
    before = sorted(photos.rglob("*"))
    out = tmp_path / "out"
    assert teach_yolo(course(photos, "b"), out).licence == "AGPL-3.0-only"
    assert sorted(photos.rglob("*")) == before
    key = new_key()
    manifest = release(out, key)
    assert [word in " ".join(manifest.credits) for word in ("ultralytics", "somebody")] == [True, True]
    ShelfDetector.load(out, public_text(key)).detect(read_picture(photos / "images" / "train" / "b-8.jpg"))
    assert b"/" + tmp_path.parts[1].encode() not in (out / "shelf.onnx").read_bytes()


@pytest.mark.parametrize(("hold_out", "lacking"), [(("nowhere",), "to val with"), (("a", "b"), "to train with")])
def test_both_sides_need_pictures(photos: Path, tmp_path: Path, hold_out: tuple[str, ...], lacking: str) -> None:
    """Nothing held out, nothing to fit a rule on; all held out, nothing to teach with."""
    with pytest.raises(DataMissing, match=f"{lacking} when {hold_out[0]}"):
        teach_yolo(course(photos, *hold_out), tmp_path / "out")


@pytest.mark.skipif((Path(sys.executable).parent / "yolo").exists(), reason="the program is installed here")
def test_without_the_program_its_home_is_named(photos: Path, tmp_path: Path) -> None:
    """Outside the training environment the error says where to go."""
    with pytest.raises(TrainingFailed, match=r"\.venv-train"):
        teach_yolo(course(photos, "b"), tmp_path / "out")
