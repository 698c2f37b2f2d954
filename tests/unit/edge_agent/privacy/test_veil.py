"""What pixelating leaves of a picture."""

from datetime import UTC, datetime

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.privacy.veil import BLOCKS, Box, pixelated, within
from edge_agent.sample import Frame
from edge_agent.thumbnail import jpeg, shown, whole

NOISE = np.random.default_rng(3).integers(0, 256, size=(240, 320, 3), dtype=np.uint8)
fractions = st.floats(0, 0.9)
boxes = st.builds(lambda x, y, w, h: (x, y, min(w, 1 - x), min(h, 1 - y)), fractions, fractions, *[st.floats(0.05, 1)] * 2)


def frame(*veil: Box) -> Frame:
    """A frame of noise with moving things in it."""
    return Frame("cam-1", datetime(2026, 11, 24, tzinfo=UTC), 0, "ntp", NOISE, veil)


def test_what_is_hidden_keeps_no_detail_and_what_is_not_keeps_all() -> None:
    """A hidden half has as many greys as it has blocks."""
    found = pixelated(NOISE, [(0.0, 0.0, 0.5, 1.0)])
    assert len(np.unique(found[:, :160].reshape(-1, 3), axis=0)) <= BLOCKS * BLOCKS
    assert np.array_equal(found[:, 160:], NOISE[:, 160:])


def test_outside_the_regions_everything_is_hidden() -> None:
    """And a moving thing is hidden inside of them too."""
    found = whole(frame((0.5, 0.5, 0.25, 0.25)), [(0.5, 0.5, 0.5, 0.5)])
    same = (found == NOISE).all(axis=2)
    assert same[121:239, 241:319].all()
    assert same.mean() < 0.2


@given(thing=boxes, region=boxes)
def test_a_thing_in_a_region_lies_where_it_lay_in_the_frame(thing: Box, region: Box) -> None:
    """Back in the frame the box is what both have in common."""
    found = within(thing, region)
    if found is None:
        return
    left = region[0] + found[0] * region[2]
    right = left + found[2] * region[2]
    assert abs(left - max(thing[0], region[0])) < 1e-9
    assert abs(right - min(thing[0] + thing[2], region[0] + region[2])) < 1e-9


def test_the_picture_of_a_shelf_shows_no_one_who_walks_past_it() -> None:
    """What goes into the outbox as evidence is veiled already."""
    region = (0.0, 0.0, 0.5, 1.0)
    veiled = jpeg(shown(frame((0.0, 0.0, 1.0, 1.0)), region)).jpeg
    assert detail(veiled) < 0.2 * detail(jpeg(shown(frame(), region)).jpeg)


def detail(encoded: bytes) -> float:
    """How much the grey of a JPEG changes from pixel to pixel."""
    grey = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())
