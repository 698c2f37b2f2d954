"""Captures, not photos, are held out."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from vision_models.errors import DataMissing
from vision_models.training.datasets import LabelledPicture, capture_of, counts_in, epoch_of, held_out, labelled_pictures


def picture_of(capture: str) -> LabelledPicture:
    return LabelledPicture(np.zeros((8, 8, 3), np.uint8), np.zeros((0, 4), np.float32), capture)


@pytest.mark.parametrize(
    ("name", "capture"),
    [("IMG_0263-12_jpg", "IMG_0263"), ("0032_2021", "00"), ("iiiiii-1", "iiiiii"), ("-01-15", "other"), ("s1-0001", "s")],
)
def test_a_name_tells_its_capture(name: str, capture: str) -> None:
    """Videos, dated racks, words and anything else."""
    assert capture_of(name) == capture


def test_no_capture_is_on_both_sides() -> None:
    """Validation takes an even few of each capture held out, training none of them."""
    pictures = [picture_of(capture) for capture in ("a", "b", "c") for _ in range(30)]
    training, validation = held_out(pictures, ["b"], most=10)
    assert {one.capture for one in training} == {"a", "c"}
    assert {one.capture for one in validation} == {"b"}
    assert len(validation) == 10


def test_an_epoch_shows_a_share_of_a_video() -> None:
    """A third of the capture that repeats itself, all of the other."""
    pictures = [picture_of("video") for _ in range(30)] + [picture_of("visit") for _ in range(5)]
    shown = epoch_of(pictures, {"video": 1 / 3}, np.random.default_rng(0))
    assert sorted(one.capture for one in shown) == ["video"] * 10 + ["visit"] * 5


def test_labels_become_boxes_in_pixels(tmp_path: Path) -> None:
    """Fractions of the picture, and no file means nothing in it."""
    for name in ("one.jpg", "none.jpg"):
        cv2.imwrite(str(tmp_path / name), np.zeros((100, 200, 3), np.uint8))
    (tmp_path / "one.txt").write_text("0 0.5 0.5 0.1 0.4\n")
    none, one = labelled_pictures(tmp_path, tmp_path)
    np.testing.assert_allclose(one.boxes_px, [[90, 30, 110, 70]], atol=1e-3)
    assert len(none.boxes_px) == 0


def test_wrong_labels_and_empty_folders_are_named(tmp_path: Path) -> None:
    """The file with words in it, the folder with nothing in it."""
    with pytest.raises(DataMissing, match="no JPEG or PNG"):
        labelled_pictures(tmp_path, tmp_path)
    cv2.imwrite(str(tmp_path / "one.jpg"), np.zeros((100, 200, 3), np.uint8))
    (tmp_path / "one.txt").write_text("0 half 0.5 0.1 0.4\n")
    with pytest.raises(DataMissing, match=r"one\.txt"):
        labelled_pictures(tmp_path, tmp_path)


def test_teaching_sees_small_pictures_and_judging_whole_ones(tmp_path: Path) -> None:
    """Shrunk with their boxes for memory's sake, left alone when asked."""
    cv2.imwrite(str(tmp_path / "one.jpg"), np.zeros((800, 1280, 3), np.uint8))
    (tmp_path / "one.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    (small,), (whole,) = labelled_pictures(tmp_path, tmp_path), labelled_pictures(tmp_path, tmp_path, 16384)
    assert (small.picture.shape[:2], whole.picture.shape[:2]) == ((400, 640), (800, 1280))
    np.testing.assert_allclose(small.boxes_px * 2, whole.boxes_px)


def test_counts_are_lines_of_labels(tmp_path: Path) -> None:
    """Two boxes, none, and a folder without labels."""
    with pytest.raises(DataMissing, match="no label files"):
        counts_in(tmp_path)
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.5 0.5\n\n0 0.2 0.2 0.1 0.1\n")
    (tmp_path / "b.txt").write_text("")
    assert counts_in(tmp_path) == [2, 0]
