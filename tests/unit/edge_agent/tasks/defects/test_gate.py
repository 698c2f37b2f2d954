"""One look at each part, on the simulated belt."""

from collections import Counter

import numpy as np
import pytest

from edge_agent.tasks.defects.gate import GateMemory, opens
from edge_agent.thumbnail import coarse
from firmware_sim.render.lighting import draw_lighting
from firmware_sim.render.part_image import render_part
from firmware_sim.world.parts import Belt, belt_view


@pytest.mark.parametrize("seed", range(2))
def test_every_part_is_looked_at_once_while_it_rests(seed: int) -> None:
    """Whatever the light and wherever in the cycle the camera wakes up."""
    rng, belt = np.random.default_rng(seed), Belt(seed=seed, enter_s=0.4, leave_s=0.4)
    lighting, memory, looked_at = draw_lighting(rng), GateMemory(), Counter[int]()
    starts_at_s = float(rng.uniform(0, belt.cycle_s))
    for tick in range(100):
        view = belt_view(belt, starts_at_s + tick * 0.2)
        if opens(memory, coarse(render_part(view, lighting, rng).frame)):
            assert view.part is not None
            assert view.phase == "resting"
            looked_at[view.part.serial] += 1
    rested = set(range(1, int((starts_at_s + 20) // belt.cycle_s)))
    assert rested <= looked_at.keys()
    assert set(looked_at.values()) == {1}


def test_an_empty_belt_never_opens_the_gate() -> None:
    """Nothing there is nothing to judge."""
    rng, memory = np.random.default_rng(0), GateMemory()
    empty = belt_view(Belt(seed=1), 5.0)
    assert empty.phase == "empty"
    assert not any(
        opens(memory, coarse(render_part(empty, draw_lighting(np.random.default_rng(1)), rng).frame)) for _ in range(20)
    )
