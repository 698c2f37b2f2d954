"""Laws that rendered shelves keep whatever stands on them: only with these may counts of rendered pictures be tested."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.render.lighting import Lighting, Picture, draw_lighting
from firmware_sim.render.shelf_image import Boxes, ShelfFrame, render_shelves
from firmware_sim.world.shelf import CartonGrid, Shelf, draw_look, slots

DARK = Lighting(gain=0.0, noise_sd=0.0, vignette=0.0)
STILL = Lighting(noise_sd=0.0)
ROUNDING_PX = 0.01
SEEDS = st.integers(0, 2**16)


@st.composite
def shelves(draw: st.DrawFn) -> Shelf:
    """Any grid that the simulator's scenes have, any stock, any design."""
    grid = CartonGrid(draw(st.integers(1, 7)), draw(st.integers(1, 3)), draw(st.integers(1, 2)))
    look = draw_look(np.random.default_rng(draw(SEEDS)))
    return Shelf(f"a-{draw(SEEDS)}", "tea", grid, draw(st.integers(0, grid.capacity)), look, draw(st.integers(0, 9)))


def rendered(shelf: Shelf, light: Lighting = STILL, seed: int = 0) -> ShelfFrame:
    """The shelf alone in a frame."""
    return render_shelves([shelf], light, np.random.default_rng(seed))


def covered(boxes: Boxes) -> int:
    """Pixels of the frame that lie in any box."""
    inside = np.zeros((720, 960), dtype=bool)
    for left, top, right, bottom in np.round(boxes).astype(int):
        inside[top:bottom, left:right] = True
    return int(inside.sum())


def changed(one: Picture, other: Picture) -> int:
    """Pixels that are plainly another colour."""
    return int((np.abs(one.astype(int) - other).max(axis=2) > 12).sum())


@settings(max_examples=20, deadline=None)
@given(shelves(), st.data())
def test_one_carton_more_is_one_true_box_more_and_more_of_the_frame(shelf: Shelf, data: st.DataObject) -> None:
    """The truth counts every carton, and none stands wholly behind another."""
    units = data.draw(st.integers(0, shelf.capacity - 1))
    fewer, more = (rendered(replace(shelf, units=number)).boxes_px[0] for number in (units, units + 1))
    assert (len(fewer), len(more)) == (units, units + 1)
    assert covered(fewer) < covered(more)


@settings(max_examples=20, deadline=None)
@given(shelves(), st.data())
def test_a_carton_hides_the_lid_it_stands_on_and_nothing_else(shelf: Shelf, data: st.DataObject) -> None:
    """The true box shrinks to what is still visible of the carton underneath; every other box stays to the bit."""
    units = data.draw(st.integers(0, shelf.capacity - 1))
    before, after = (rendered(replace(shelf, units=number)).boxes_px[0] for number in (units, units + 1))
    places = slots(shelf.grid)
    under = replace(places[units], row=places[units].row - 1)
    for place, whole, visible in zip(places, before, after, strict=False):
        if place != under:
            assert np.array_equal(whole, visible)
            continue
        assert (visible[:2] >= whole[:2] - ROUNDING_PX).all()
        assert (visible[2:] <= whole[2:] + ROUNDING_PX).all()
        assert visible[1] > whole[1]


@settings(max_examples=15, deadline=None)
@given(shelves(), st.data())
def test_a_carton_that_is_missing_is_missed_in_the_pixels(shelf: Shelf, data: st.DataObject) -> None:
    """Stocks that differ never look alike, and the more they differ the more pixels do, seen from the empty shelf."""
    fewer, more = sorted(data.draw(st.sets(st.integers(0, shelf.capacity), min_size=2, max_size=2)))
    empty, some, many = (rendered(replace(shelf, units=units)).frame for units in (0, fewer, more))
    assert changed(some, many) > 0
    assert changed(empty, some) < changed(empty, many)


@settings(max_examples=15, deadline=None)
@given(shelves(), SEEDS)
def test_light_changes_the_picture_and_never_the_truth(shelf: Shelf, seed: int) -> None:
    """Boxes and regions are the same to the bit in any light, in the dark too, where there is nothing to see."""
    plain, lit, dark = (rendered(shelf, light) for light in (STILL, draw_lighting(np.random.default_rng(seed)), DARK))
    assert not np.array_equal(plain.frame, lit.frame)
    for other in (lit, dark):
        assert np.array_equal(plain.boxes_px[0], other.boxes_px[0])
        assert plain.rois == other.rois
    assert dark.frame.max() == 0


@settings(max_examples=10, deadline=None)
@given(shelves(), SEEDS)
def test_the_same_seed_is_the_same_picture_and_another_one_is_not(shelf: Shelf, seed: int) -> None:
    """Noise comes from the generator alone; the cartons do not move with it."""
    light = draw_lighting(np.random.default_rng(seed))
    first, again, other = (rendered(shelf, light, number) for number in (seed, seed, seed + 1))
    assert np.array_equal(first.frame, again.frame)
    assert not np.array_equal(first.frame, other.frame)
    assert np.array_equal(first.boxes_px[0], other.boxes_px[0])
