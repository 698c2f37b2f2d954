"""Labelled frames show the scene's own shelves, and lie as evaluation reads them."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from firmware_sim.cli import app
from firmware_sim.errors import BadOption
from firmware_sim.render.labelled_frames import scene_shelves, write_part_frames
from firmware_sim.scene_file import load
from vision_models.evaluation.frames import part_frames, shelf_frames

SCENE = load("small_warehouse")


def test_boxes_lie_in_their_picture_and_stock_varies() -> None:
    """Twelve shelves of the scene, no two rounds alike."""
    shown = [picture for _, picture in zip(range(24), scene_shelves(SCENE, 1), strict=False)]
    assert len({len(one.boxes_px) for one in shown}) > 5
    for one in shown:
        height, width = one.picture.shape[:2]
        assert (one.boxes_px >= 0).all()
        assert (one.boxes_px <= [width, height, width, height]).all()
    assert not np.array_equal(shown[0].picture[:50, :50], shown[12].picture[:50, :50])


def test_the_same_seed_gives_the_same_frames() -> None:
    """Another one others."""
    first, again, other = (next(scene_shelves(SCENE, seed)) for seed in (7, 7, 8))
    assert np.array_equal(first.picture, again.picture)
    assert first.picture.shape != other.picture.shape or not np.array_equal(first.picture, other.picture)


def test_every_frame_of_a_shelf_has_its_label(tmp_path: Path) -> None:
    """As many as asked for, also where the last round is cut short."""
    told = CliRunner().invoke(app, ["frames", "shelf_count", "--out", str(tmp_path / "f"), "--count", "13"])
    assert "13 labelled frames" in told.output
    assert len(shelf_frames(tmp_path / "f")) == 13


def test_parts_are_good_and_flawed_by_turns(tmp_path: Path) -> None:
    """Half of each, of every kind."""
    write_part_frames(tmp_path, 8, 3)
    frames = part_frames(tmp_path)
    assert sum(frame.is_good for frame in frames) == 4
    assert {frame.name.partition("/")[0] for frame in frames} == {"good", "scratch", "dent", "stain"}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file stands in the way."""
    (tmp_path / "file").touch()
    told = CliRunner().invoke(app, ["frames", "defects", "--out", str(tmp_path / "file" / "f"), "--count", "1"])
    assert isinstance(told.exception, BadOption)
    with pytest.raises(BadOption, match="--out"):
        raise told.exception
