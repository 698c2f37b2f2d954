"""Frames not worth looking at are told apart."""

import cv2
import numpy as np
import pytest

from firmware_sim.render.lighting import Lighting
from firmware_sim.render.shelf_image import render_shelves
from firmware_sim.world.shelf import CartonGrid, Shelf, draw_look
from vision_models.inference.arrays import Picture
from vision_models.inference.frame_quality import QualityLimits, frame_quality, verdict


def shelf_frame(seed: int) -> Picture:
    rng = np.random.default_rng(seed)
    shelves = [Shelf(f"a-{seed}{place}", "tea", CartonGrid(5, 3), 9, draw_look(rng)) for place in range(4)]
    return render_shelves(shelves, Lighting(), rng).frame


def judged(frame: Picture) -> str:
    return verdict(frame_quality(frame), QualityLimits())


@pytest.mark.parametrize("seed", range(4))
def test_an_ordinary_frame_is_good(seed: int) -> None:
    """A shelf in ordinary light is looked at, also when half as bright."""
    frame = shelf_frame(seed)
    assert judged(frame) == "good"
    assert judged((frame * 0.5).astype(np.uint8)) == "good"


def test_bad_frames_are_named_for_what_they_are() -> None:
    """Dark, glaring, out of focus, and a hand before the lens."""
    frame, rng = shelf_frame(0), np.random.default_rng(0)
    assert judged((frame * 0.05).astype(np.uint8)) == "dark"
    assert judged(np.clip(frame.astype(int) + 190, 0, 255).astype(np.uint8)) == "bright"
    assert judged(cv2.GaussianBlur(frame, (0, 0), 9).astype(np.uint8)) == "blurred"
    assert judged(np.clip(rng.normal(60, 4, frame.shape), 0, 255).astype(np.uint8)) == "covered"
