"""What is taken for a moving thing on a drawn shelf, in simulated time."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.privacy.background import BackgroundModel
from edge_agent.privacy.policy import PrivacyPolicy

Pixels = NDArray[np.uint8]
HEIGHT, WIDTH = 240, 320


def shelf(seed: int = 1) -> Pixels:
    """Cartons side by side, each of another grey."""
    greys = np.random.default_rng(seed).integers(60, 200, size=(4, 8)).astype(np.uint8)
    return np.repeat(np.kron(greys, np.ones((HEIGHT // 4, WIDTH // 8), np.uint8))[..., None], 3, axis=2)


def with_thing(left: int, width: int = 70, top: int = 40, height: int = 180) -> Pixels:
    """Somebody in dark clothes before the shelf."""
    pixels = shelf().copy()
    pixels[top : top + height, left : left + width] = 20
    return pixels


def walked(model: BackgroundModel, frames: list[Pixels], from_s: float = 0.0) -> list[int]:
    """How many things are found in each frame, one a second."""
    return [len(model.things(frame, from_s + second)) for second, frame in enumerate(frames)]


def test_a_person_who_walks_past_is_veiled_in_every_frame_and_the_shelf_is_not() -> None:
    """The box covers the person; before and after nothing is veiled."""
    model = BackgroundModel(PrivacyPolicy())
    assert walked(model, [shelf()] * 5) == [0] * 5
    for second, left in enumerate(range(10, 240, 30), start=5):
        ((x, y, width, height),) = model.things(with_thing(left), second)
        assert x * WIDTH <= left
        assert (x + width) * WIDTH >= left + 70
        assert y * HEIGHT <= 40
        assert (y + height) * HEIGHT >= 220
    assert walked(model, [shelf()] * 3, from_s=15.0) == [0] * 3


def test_who_stands_still_stays_veiled_until_the_hold_is_over() -> None:
    """And is then taken for goods: a limit that the policy states."""
    model = BackgroundModel(PrivacyPolicy(hold_s=30))
    walked(model, [shelf()] * 3)
    found = walked(model, [with_thing(100)] * 40, from_s=3.0)
    assert found[:30] == [1] * 30
    assert found[35:] == [0] * 5


def test_a_carton_that_is_taken_is_not_a_moving_thing() -> None:
    """It is no larger than a facing."""
    model = BackgroundModel(PrivacyPolicy(facing_share=0.04))
    walked(model, [shelf()] * 3)
    pixels = shelf().copy()
    pixels[60:120, 80:120] = 10
    assert walked(model, [pixels] * 3, from_s=3.0) == [0] * 3


@pytest.mark.parametrize("brighter", [-40, 40])
def test_a_cloud_before_the_sun_is_nobody(brighter: int) -> None:
    """The light over all may change."""
    model = BackgroundModel(PrivacyPolicy())
    walked(model, [shelf()] * 3)
    lit = np.clip(shelf().astype(int) + brighter, 0, 255).astype(np.uint8)
    assert walked(model, [lit] * 3, from_s=3.0) == [0] * 3


def test_the_policy_may_say_that_nothing_is_veiled() -> None:
    """For cameras that see no people."""
    model = BackgroundModel(PrivacyPolicy(moving_things="keep"))
    assert walked(model, [shelf(), with_thing(40), with_thing(90)]) == [0, 0, 0]
