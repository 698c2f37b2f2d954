"""A part is found where it lies, and laid upright."""

import cv2
import numpy as np
import pytest

from firmware_sim.render.lighting import Lighting
from firmware_sim.render.part_image import render_part
from firmware_sim.world.parts import Belt, BeltView, Part, belt_view
from vision_models.inference.arrays import Picture
from vision_models.inference.part_place import find_part


def frame_of(part: Part | None, travel: float = 0.0) -> Picture:
    return render_part(BeltView("resting", part, travel, 3.3), Lighting(), np.random.default_rng(0)).frame


def part_at(x_px: float, y_px: float, angle_deg: float) -> Part:
    return Part(serial=0, defect=None, offset_x_px=x_px, offset_y_px=y_px, angle_deg=angle_deg, grain=5)


@pytest.mark.parametrize(("x_px", "y_px", "angle_deg"), [(0, 0, 0), (12, -9, 3), (-20, 15, -6), (3, 3, 11)])
def test_a_part_is_found_where_it_lies(x_px: float, y_px: float, angle_deg: float) -> None:
    """Middle, size and angle are those of the world; the upright view is the same however the part lies."""
    place = find_part(frame_of(part_at(x_px, y_px, angle_deg)))
    assert place is not None
    assert place.is_whole
    assert place.centre_px == pytest.approx((320 + x_px, 240 + y_px), abs=2.5)
    assert (place.width_px, place.height_px) == pytest.approx((340, 240), abs=6)
    assert place.angle_deg == pytest.approx(-angle_deg, abs=0.6)


def test_the_upright_view_does_not_depend_on_how_the_part_lies() -> None:
    """Laid upright, a turned part looks as one that lay straight."""
    views = []
    for part in (part_at(0, 0, 0), part_at(15, -10, 8)):
        frame = frame_of(part)
        place = find_part(frame)
        assert place is not None
        views.append(cv2.blur(cv2.warpAffine(frame, place.upright(240, 320, 0.04), (320, 240)), (5, 5)).astype(int))
    assert np.abs(views[0] - views[1])[20:-20, 20:-20].mean() < 6


def test_an_empty_belt_has_no_part() -> None:
    """Neither ribs nor the edges of the belt are taken for one."""
    assert find_part(frame_of(None)) is None
    assert find_part(np.full((480, 640, 3), 200, np.uint8)) is None


def test_a_part_that_is_not_wholly_in_view_says_so() -> None:
    """On its way in it touches the edge."""
    belt = Belt(seed=3)
    frame = render_part(belt_view(belt, 0.2 * belt.enter_s), Lighting(), np.random.default_rng(0)).frame
    place = find_part(frame)
    assert place is not None
    assert not place.is_whole
