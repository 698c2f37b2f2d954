"""Frames of the belt show a flaw where the truth says, and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest

from firmware_sim.render.lighting import Lighting
from firmware_sim.render.part_image import render_part
from firmware_sim.render.part_surface import flaw, plate_face, plate_outline
from firmware_sim.world.parts import DEFECT_KINDS, BeltView, Defect, DefectKind, Part, draw_part

LIGHT = Lighting(noise_sd=0.0)


def resting(part: Part | None) -> BeltView:
    return BeltView("empty" if part is None else "resting", part, 0.0, 1.0)


def flawed(kind: DefectKind) -> Part:
    defect = Defect(kind=kind, x=0.3, y=-0.4, size=0.2, angle_rad=0.8, strength=0.8, form=5)
    return replace(draw_part(1, 4, defect_share=0.0), defect=defect)


@pytest.mark.parametrize("kind", DEFECT_KINDS)
def test_a_flaw_changes_the_picture_only_where_the_mask_says(kind: DefectKind) -> None:
    """Difference to the good part is strong inside the mask and next to nothing outside its surroundings."""
    bad = flawed(kind)
    shown = render_part(resting(bad), LIGHT, np.random.default_rng(0))
    good = render_part(resting(replace(bad, defect=None)), LIGHT, np.random.default_rng(0))
    difference = np.abs(shown.frame.astype(int) - good.frame).max(axis=2)
    assert difference[shown.defect_mask > 0].mean() > 8
    assert shown.defect_box_px is not None
    left, top, right, bottom = shown.defect_box_px
    difference[top - 12 : bottom + 12, left - 12 : right + 12] = 0
    assert difference.max() <= 2


def test_a_good_part_and_an_empty_belt_have_no_flaw() -> None:
    """No box, an empty mask, a frame all the same."""
    for part in (None, draw_part(1, 0, defect_share=0.0)):
        rendered = render_part(resting(part), Lighting(), np.random.default_rng(0))
        assert rendered.frame.shape == (480, 640, 3)
        assert rendered.defect_box_px is None
        assert not rendered.defect_mask.any()


def test_a_part_that_leaves_takes_its_flaw_out_of_the_frame() -> None:
    """At the end of its travel neither part nor flaw can be seen."""
    gone = render_part(BeltView("leaving", flawed("stain"), 1.0, 2.0), LIGHT, np.random.default_rng(0))
    assert gone.defect_box_px is None


def test_a_flaw_neither_fills_a_hole_nor_hangs_over_the_edge() -> None:
    """A stain over a hole and the corner beside it marks the plate only."""
    stain = Defect(kind="stain", x=-0.95, y=-0.95, size=0.4, angle_rad=0.0, strength=1.0, form=5)
    face = plate_face(grain=1)
    marked, mask = flaw(face, stain)
    off_plate = plate_outline() == 0
    assert mask.any()
    assert not mask[off_plate].any()
    np.testing.assert_array_equal(marked[off_plate], face[off_plate])
