"""The benchmark of counting: it runs on made-up photos, and the frames that a site labels follow a rule."""

from pathlib import Path

import cv2
import numpy as np

from benchmarks.report import Options
from benchmarks.shelf_count import measure
from benchmarks.shelf_site import chosen


def _pictures(folder: Path, split: str, count: int) -> None:
    """Grey pictures with a brown box in each, and labels for it."""
    for kind in ("images", "labels"):
        (folder / kind / split).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        picture = np.full((96, 128, 3), 120, np.uint8)
        picture[30:70, 40:90] = (60, 110, 170)
        cv2.imwrite(str(folder / "images" / split / f"made-{number}.jpg"), picture)
        (folder / "labels" / split / f"made-{number}.txt").write_text("0 0.508 0.52 0.39 0.417\n")


def test_it_runs_on_made_up_photos(tmp_path: Path) -> None:
    """Every figure of the cartons is there; the quick run says that it did not calibrate a site."""
    boxes, shelves = tmp_path / "vision" / "warehouse-boxes", tmp_path / "vision" / "grocery-store-shelves"
    for split in ("train", "train_more", "test"):
        _pictures(boxes, split, 2 if split != "test" else 6)
    _pictures(shelves, ".", 7)
    found = measure(Options(data=tmp_path, quick=True, json=True))
    assert {"boxes_ap50", "boxes_count_mae", "boxes_within_one", "shelves_count_error"} <= found.figures.keys()
    assert found.figures["shelves_count_error"] is None
    assert found.peers["boxes_constant_mae"] == 0.0
    assert any("not run: --quick" in cell for row in found.rows for cell in row)


def test_labelled_frames_are_spread_over_the_video() -> None:
    """Without a seed the middles of five equal stretches; with one five different frames, the same each time."""
    assert chosen(25, None) == [2, 7, 12, 17, 22]
    assert chosen(25, 3) == chosen(25, 3)
    assert len(set(chosen(25, 3))) == 5
