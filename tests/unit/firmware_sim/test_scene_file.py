"""Scene files: the shipped one is whole, a wrong one is refused with the key that is wrong."""

from pathlib import Path
from typing import get_args

import pytest
from msgspec import Struct, structs

from firmware_sim import scene as scene_module
from firmware_sim.errors import SceneError
from firmware_sim.render.shelf_image import ROIS
from firmware_sim.scene import MachineFaultKind, Scene
from firmware_sim.scene_file import load, parse, shipped_scenes, with_faults
from protocols.sensor_profiles.profile import load as load_profile
from protocols.sensor_profiles.profile import shipped_profiles

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "firmware_sim/scenes/small_warehouse.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def scene() -> Scene:
    """The shipped small warehouse."""
    return load("small_warehouse")


def test_the_small_warehouse_is_the_agreed_one(scene: Scene) -> None:
    """Twelve shelves of 12 to 20 cartons under three cameras, one belt, three machines, three shelves that start low."""
    assert [shelf.id for shelf in scene.shelves] == [f"{row}-0{n}" for row in "abc" for n in (1, 2, 3, 4)]
    assert all(12 <= shelf.capacity <= 20 for shelf in scene.shelves)
    assert [camera.id for camera in scene.cameras] == ["cam-1", "cam-2", "cam-3", "cam-4"]
    assert [machine.id for machine in scene.machines] == ["conveyor-1", "compressor-1", "pump-1"]
    assert sum(shelf.starting_units <= scene.trade.low_share * shelf.capacity for shelf in scene.shelves) == 3
    assert sorted(shelf.sku for shelf in scene.shelves) == sorted(sku.id for sku in scene.skus)


def test_regions_are_where_the_renderer_draws_by_default(scene: Scene) -> None:
    """Each camera's four shelves fill the four places of a frame."""
    places = [(roi.x, roi.y, roi.w, roi.h) for roi in ROIS]
    for camera_id in ("cam-1", "cam-2", "cam-3"):
        assert [shelf.roi for shelf in scene.shelves_seen_by(camera_id)] == places


def test_every_machine_has_the_channels_of_its_profile(scene: Scene) -> None:
    """A profile with a pressure register belongs to a machine with pressure, and the other way round."""
    for machine in scene.machines:
        names = {register.name for register in load_profile(machine.profile).registers}
        assert ("pressure_bar" in names) == (machine.pressure is not None)


def test_every_shipped_scene_loads() -> None:
    """What the command lists can be run."""
    assert [load(name).name for name in shipped_scenes()] == shipped_scenes()


def test_a_scene_is_read_from_a_path(tmp_path: Path) -> None:
    """A file of one's own works like a shipped one."""
    (tmp_path / "mine.toml").write_text(TEXT.replace('name = "small_warehouse"', 'name = "mine"'), encoding="utf-8")
    assert load(str(tmp_path / "mine.toml")).name == "mine"


@pytest.mark.parametrize(
    ("good", "bad", "complaint"),
    [
        ("rows = 2", 'rows = "2"', r"Expected `int`, got `str` - at `shelves\[0\]\.rows`"),
        ("rush_s", "rusch_s", "unknown field `rusch_s` - at `trade`"),
        ("starting_units = 18", "starting_units = 21", r"shelves\[0\].*only 20 fit"),
        ('sku = "pasta-500g"', 'sku = "pasta"', r"shelves\[0\]\.sku is 'pasta'"),
        ('camera = "cam-1"', 'camera = "cam-4"', r"shelves\[0\]\.camera is 'cam-4'"),
        ('camera = "cam-4"', 'camera = "cam-1"', r"belt\.camera is 'cam-1'"),
        ("0.02, 0.02, 0.46, 0.46", "0.92, 0.02, 0.46, 0.46", r"shelves\[0\]\.roi .*leaves the frame"),
        ('machine = "conveyor-1"', 'machine = "mixer-1"', r"faults\.machine\[0\]\.machine is 'mixer-1'"),
        ("device_id = 2", "device_id = 1", r"machines\.device_id: '1' occurs 2 times"),
        ('kind = "dropout"', 'kind = "dropout"\nchannel = "current_a"', r"faults\.sensor\[1\]\.channel"),
        ('kind = "stuck"', 'kind = "tired"', r"tired.*faults\.sensor\[0\]\.kind"),
        ('name = "small_warehouse"', "name = ", "Invalid value"),
        ("daily_demand = 14.0", "daily_demand = nan", "nan is not a finite number"),
        ("rush_s = 150.0", "rush_s = 1e999", "1e999 is not a finite number"),
        ('profile = "pump"', 'profile = "toaster"', r"machines\[2\]\.profile is 'toaster'; shipped are compressor"),
        ("pressure = { low_bar = 3.1, high_bar = 3.5 }", "", r"machines\[2\]\.pressure: needed by"),
        ("repeat_s = 2400.0", "repeat_s = 2000.0", r"faults\.repeat_s is 2000, but one of conveyor-1 ends at 2085 s"),
    ],
)
def test_a_wrong_scene_names_the_key(good: str, bad: str, complaint: str) -> None:
    """The error says which file, which key and what to do."""
    assert good in TEXT
    with pytest.raises(SceneError, match=f"scene mine: .*{complaint}"):
        parse(TEXT.replace(good, bad, 1), origin="mine")


def test_an_unknown_scene_names_those_there_are() -> None:
    """The error lists what could have been meant."""
    with pytest.raises(SceneError, match="small_warehouse"):
        load("large_warehouse")


def test_every_key_is_in_the_reference() -> None:
    """What a scene may hold is what docs/reference/scene.md describes."""
    parts = [value for value in vars(scene_module).values() if isinstance(value, type) and issubclass(value, Struct)]
    keys = {field.encode_name for part in parts if part is not Struct for field in structs.fields(part)}
    reference = (ROOT / "docs/reference/scene.md").read_text(encoding="utf-8")
    assert not sorted(key for key in keys if f"`{key}`" not in reference and f"{key}]" not in reference)


SCHEDULE = """
repeat_s = 600.0
[[sensor]]
machine = "compressor-1"
kind = "{kind}"
start_s = 10.0
lasts_s = 60.0
{rest}
"""


def test_a_schedule_may_come_from_a_file_of_its_own(scene: Scene, tmp_path: Path) -> None:
    """It replaces the scene's, everything else stays."""
    (tmp_path / "faults.toml").write_text(SCHEDULE.format(kind="exception", rest="amount = 6.0"))
    other = with_faults(scene, tmp_path / "faults.toml")
    assert [fault.kind for fault in other.faults.sensor] == ["exception"]
    assert other.faults.machine == ()
    assert structs.replace(other, faults=scene.faults) == scene


@pytest.mark.parametrize(
    ("kind", "rest", "complaint"),
    [
        ("swapped_words", 'channel = "axial_mm_s"', "32 bits"),
        ("exception", "amount = 12.0", "amount is 12"),
        ("exception", 'amount = 2.0\nchannel = "current_a"', "the whole machine's"),
        ("quantisation", 'channel = "current_a"', "above 0"),
        ("sparks", "", "sparks"),
    ],
)
def test_a_wrong_schedule_is_refused_with_its_file_and_key(
    scene: Scene, tmp_path: Path, kind: str, rest: str, complaint: str
) -> None:
    """And a file that is not there is named."""
    (tmp_path / "faults.toml").write_text(SCHEDULE.format(kind=kind, rest=rest))
    with pytest.raises(SceneError, match=complaint) as refused:
        with_faults(scene, tmp_path / "faults.toml")
    assert "faults.toml" in str(refused.value)
    with pytest.raises(SceneError, match=r"none\.toml cannot be read"):
        with_faults(scene, tmp_path / "none.toml")


def test_in_the_machine_hall_everything_goes_wrong_within_two_hours() -> None:
    """Every machine fault, and sensors of both kinds: those that lie and those that are silent."""
    hall = load("machine_hall")
    assert {fault.kind for fault in hall.faults.machine} == set(get_args(MachineFaultKind))
    assert {fault.kind for fault in hall.faults.sensor} >= {"stuck", "spikes", "swapped_words", "exception", "dropout"}
    assert {machine.profile for machine in hall.machines} == set(shipped_profiles())
