"""Frames of shelves show what the world holds, and say so truthfully."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.render.lighting import Lighting
from firmware_sim.render.shelf_image import ROIS, render_shelves
from firmware_sim.world.shelf import CartonGrid, Shelf, draw_look, sell

LIGHT = Lighting(noise_sd=2.0)


def shelf_with(units: int, seed: int = 0) -> Shelf:
    return Shelf(f"a-{seed:02}", "pasta-500g", CartonGrid(5, 2, 2), units, draw_look(np.random.default_rng(seed)))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=4))
def test_there_is_one_true_box_for_each_carton(stock: list[int]) -> None:
    """As many boxes as units, each inside the region of its shelf."""
    shelves = [shelf_with(units, seed) for seed, units in enumerate(stock)]
    rendered = render_shelves(shelves, LIGHT, np.random.default_rng(0))
    assert rendered.frame.shape == (720, 960, 3)
    assert [len(boxes) for boxes in rendered.boxes_px] == stock
    for boxes, roi in zip(rendered.boxes_px, rendered.rois, strict=True):
        left, top = roi.x * 960 - 1, roi.y * 720 - 1
        assert (boxes >= [left, top, left, top]).all()
        assert (boxes[:, 2:] <= [left + roi.w * 960 + 2, top + roi.h * 720 + 2]).all()


def test_the_same_world_gives_the_same_pixels() -> None:
    """Rendering has no hidden state."""
    frames = [render_shelves([shelf_with(9)], LIGHT, np.random.default_rng(3)).frame for _ in range(2)]
    np.testing.assert_array_equal(frames[0], frames[1])


def test_selling_a_carton_changes_only_its_surroundings() -> None:
    """The other cartons stay where they are: a count must not flicker because others jump."""
    full, (fewer, _) = shelf_with(20), sell(shelf_with(20), 1)
    before = render_shelves([full], LIGHT, np.random.default_rng(3))
    after = render_shelves([fewer], LIGHT, np.random.default_rng(3))
    # The carton below may show its lid now.
    np.testing.assert_allclose(before.boxes_px[0][:-1], after.boxes_px[0], atol=8)
    left, top, right, bottom = before.boxes_px[0][-1].astype(int)
    changed = np.abs(before.frame.astype(int) - after.frame).max(axis=2) > 40
    assert changed[top:bottom, left:right].mean() > 0.3
    changed[max(top - 25, 0) : bottom + 25, max(left - 25, 0) : right + 25] = False
    assert not changed.any()


def test_a_frame_has_room_for_four_shelves() -> None:
    """No shelf and five shelves are refused."""
    for count in (0, len(ROIS) + 1):
        with pytest.raises(ValueError, match="shows 1 to 4"):
            render_shelves([shelf_with(3)] * count, LIGHT, np.random.default_rng(0))
