"""The whole site: the same seed is the same world, however time is cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from firmware_sim.scene import Faults, Scene, SensorFault
from firmware_sim.scene_file import load
from firmware_sim.world.trade import Standing
from firmware_sim.world.warehouse import TICK_S, Warehouse

SCENE = load("small_warehouse")


@pytest.fixture
def scene() -> Scene:
    """The shipped small warehouse."""
    return SCENE


@settings(max_examples=15)
@given(st.lists(st.floats(0.0, 40.0), max_size=12))
def test_the_same_seed_is_the_same_world_however_time_is_cut(stops_s: list[float]) -> None:
    """Advancing in one stride or in many uneven ones gives the same machines, shelves and movements."""
    stride, steps = Warehouse(SCENE, 5), Warehouse(SCENE, 5)
    moved = [movement for to_s in [*sorted(stops_s), 40.0] for movement in steps.advance(to_s)]
    assert stride.advance(40.0) == moved
    assert stride.machines == steps.machines
    assert stride.stalls == steps.stalls
    assert stride.belt_view(40.0) == steps.belt_view(40.0)


def test_another_seed_is_another_world(scene: Scene) -> None:
    """Seeds differ in noise, customers and parts."""
    one, other = Warehouse(scene, 1), Warehouse(scene, 2)
    assert one.advance(60.0) != other.advance(60.0)
    assert one.machines != other.machines
    defects = [[world.belt_view(n * scene.belt.cycle_s + 2.0).part for n in range(20)] for world in (one, other)]
    assert defects[0] != defects[1]


def test_time_never_goes_back(scene: Scene) -> None:
    """Asking for a moment that has passed changes nothing."""
    world = Warehouse(scene, 1)
    world.advance(3.0)
    before = world.machines
    assert world.advance(1.0) == []
    assert world.machines is before
    assert world.time_s == pytest.approx(3.0, abs=TICK_S)


def test_the_conveyor_s_imbalance_is_plain(scene: Scene) -> None:
    """Healthy under the warning limit for a minute, over 7 mm/s twenty seconds later, repaired after five minutes more."""
    world, course = Warehouse(scene, scene.seed), {}
    for to_s in (59.0, 81.0, 365.0):
        world.advance(to_s)
        course[to_s] = (world.machines[0].reported or {})["vibration_mm_s"]
    assert course[59.0] < 1.8
    assert course[81.0] > 7.0
    assert course[365.0] < 1.8


def test_a_stuck_sensor_repeats_itself(scene: Scene) -> None:
    """While stuck, a temperature keeps its last value to the bit, although the machine's own moves on."""
    fault = SensorFault("pump-1", "stuck", start_s=2.0, lasts_s=60.0, channel="temperature_c")
    world = Warehouse(structs.replace(scene, faults=Faults(repeat_s=100.0, sensor=(fault,))), scene.seed)
    said: list[float] = []
    for to_s in (1.9, 3.0, 30.0, 70.0):
        world.advance(to_s + TICK_S / 2)
        assert world.machines[2].reported is not None
        said.append(world.machines[2].reported["temperature_c"])
    assert said[0] == said[1] == said[2] != said[3]


def test_a_unit_that_drops_out_is_silent_alone(scene: Scene) -> None:
    """The conveyor's unit says nothing while it is off the bus; the compressor's goes on, and the conveyor's comes back."""
    fault = SensorFault("conveyor-1", "dropout", start_s=2.0, lasts_s=5.0)
    world = Warehouse(structs.replace(scene, faults=Faults(repeat_s=100.0, sensor=(fault,))), scene.seed)
    world.advance(3.0)
    assert world.machines[0].reported is None
    assert world.machines[1].reported is not None
    world.advance(8.0)
    assert world.machines[0].reported is not None


def test_the_rush_sells_within_the_first_minutes(scene: Scene) -> None:
    """Soon after opening several units are gone, and the three shelves that start low are still low."""
    world = Warehouse(scene, scene.seed)
    sold = -sum(movement.quantity for movement in world.advance(150.0))
    assert sold >= 10
    low = [stall.shelf.location for stall in world.stalls if stall.shelf.units <= 0.25 * stall.shelf.capacity]
    assert {"a-02", "b-02", "c-03"} <= set(low)


@given(st.floats(0.0, 60.0))
@settings(max_examples=15)
def test_kept_shelves_are_put_back_as_they_were(until_s: float) -> None:
    """A new world that resumes holds what the old one held, and a shelf that was low stays due for the clerk."""
    old, new = Warehouse(SCENE, 5), Warehouse(SCENE, 6)
    old.advance(until_s)
    new.resume(old.standing())
    assert [stall.shelf.units for stall in new.stalls] == [stall.shelf.units for stall in old.stalls]
    assert new.standing() == old.standing()


def test_a_shelf_low_for_long_before_the_stop_is_filled_soon_after_it(scene: Scene) -> None:
    """Short runs one after the other do not sell the house empty: the clerk goes by the time of all of them."""
    world = Warehouse(structs.replace(scene, trade=structs.replace(scene.trade, rush_factor=1.0)), 1)
    world.resume({"a-01": Standing(units=0, low_for_s=scene.trade.refill_after_s - 1.0)})
    receipts = [movement for movement in world.advance(3.0) if movement.kind == "receipt"]
    assert [(movement.location, movement.quantity) for movement in receipts] == [("a-01", world.stalls[0].shelf.capacity)]


def test_more_than_fits_is_refused(scene: Scene) -> None:
    """What was kept for a larger shelf is not squeezed into this one."""
    with pytest.raises(ValueError, match="a-01"):
        Warehouse(scene, 1).resume({"a-01": Standing(units=999)})
