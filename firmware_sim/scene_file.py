"""Scene files: TOML in, a checked `Scene` out. A wrong file raises `SceneError` naming the file and the key."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

from msgspec import Struct, convert, structs

from firmware_sim.errors import SceneError
from firmware_sim.scene import UNIT_FAULTS, Faults, Machine, Scene, SensorFault, Shelf
from protocols.sensor_profiles.profile import Profile, finite_number, shipped_profiles
from protocols.sensor_profiles.profile import load as load_profile

Part = TypeVar("Part", bound=Struct)
EXCEPTION_CODES = (1, 2, 3, 4, 6, 10, 11)


def shipped_scenes() -> list[str]:
    """Names of the scenes that come with the simulator."""
    return sorted(entry.name.removesuffix(".toml") for entry in _shipped().iterdir() if entry.name.endswith(".toml"))


def load(name_or_path: str) -> Scene:
    """A shipped scene by its name, or any scene file by a path that ends in .toml. Raises SceneError."""
    is_path = name_or_path.endswith(".toml")
    source = Path(name_or_path) if is_path else _shipped() / f"{name_or_path}.toml"
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        remedy = f"give a .toml file or one of: {', '.join(shipped_scenes())}"
        raise SceneError(f"scene {name_or_path!r} cannot be read ({error}); {remedy}") from error
    return parse(text, origin=name_or_path)


def with_faults(scene: Scene, path: Path) -> Scene:
    """The same site with the schedule of a file of its own. Raises SceneError."""
    try:
        faults = _converted(path.read_text(encoding="utf-8"), str(path), Faults)
    except (OSError, UnicodeDecodeError) as error:
        raise SceneError(f"schedule {path} cannot be read ({error}); name a .toml file with the keys of [faults]") from error
    return _checked(structs.replace(scene, faults=faults), str(path))


def parse(text: str, origin: str) -> Scene:
    """A scene from TOML text; `origin` is what errors call the file. Raises SceneError."""
    return _checked(_converted(text, origin, Scene), origin)


def _converted(text: str, origin: str, kind: type[Part]) -> Part:
    try:
        return convert(tomllib.loads(text, parse_float=finite_number), kind)
    except ValueError as error:  # TOML's and msgspec's own errors are such
        raise SceneError(f"scene {origin}: {str(error).replace('`$.', '`')}; correct that key") from error


def _checked(scene: Scene, origin: str) -> Scene:
    for contradiction in contradictions(scene):
        raise SceneError(f"scene {origin}: {contradiction}")
    return scene


def _shipped() -> Traversable:
    return files("firmware_sim") / "scenes"


def contradictions(scene: Scene) -> Iterator[str]:
    """What is wrong with a scene beyond the types of its keys, each as a sentence with its remedy."""
    yield from _repeated("skus", (sku.id for sku in scene.skus))
    yield from _repeated("cameras", (camera.id for camera in scene.cameras))
    yield from _repeated("shelves", (shelf.id for shelf in scene.shelves))
    yield from _repeated("machines", (machine.id for machine in scene.machines))
    gate = () if scene.belt.gate_device_id is None else (str(scene.belt.gate_device_id),)
    yield from _repeated("machines.device_id", (*gate, *(str(machine.device_id) for machine in scene.machines)))
    for index, shelf in enumerate(scene.shelves):
        yield from (f"shelves[{index}].{complaint}" for complaint in _shelf_contradictions(scene, shelf))
    for index, machine in enumerate(scene.machines):
        yield from (f"machines[{index}].{complaint}" for complaint in _machine_contradictions(machine))
    yield from _dangling_names(scene)
    yield from _cut_faults(scene.faults)


def _shelf_contradictions(scene: Scene, shelf: Shelf) -> Iterator[str]:
    left, top, width, height = shelf.roi
    if shelf.sku not in {sku.id for sku in scene.skus}:
        yield f"sku is {shelf.sku!r}, which is not in skus; add it there or correct the name"
    if shelf.camera not in {camera.id for camera in scene.cameras if camera.sees == "shelves"}:
        yield f"camera is {shelf.camera!r}, which is no camera that sees shelves; correct the name"
    if shelf.starting_units > shelf.capacity:
        yield f"starting_units is {shelf.starting_units}, but only {shelf.capacity} fit; lower it or enlarge the shelf"
    if width * height == 0 or left + width > 1 or top + height > 1:
        yield f"roi is {list(shelf.roi)}, which is empty or leaves the frame; use x, y, width, height as fractions of it"


def _machine_contradictions(machine: Machine) -> Iterator[str]:
    if machine.profile not in shipped_profiles():
        yield f"profile is {machine.profile!r}; shipped are {', '.join(shipped_profiles())}"
        return
    names = {register.name for register in load_profile(machine.profile).registers}
    if (machine.pressure is None) == ("pressure_bar" in names):
        yield f"pressure: needed by a profile with a register pressure_bar, and by no other; {machine.profile} is given"
    if (machine.vibration.axial_share is None) == ("axial_mm_s" in names):
        needs = "needed by a profile with a register axial_mm_s, and by no other"
        yield f"vibration.axial_share: {needs}; {machine.profile} is given"


def _cut_faults(faults: Faults) -> Iterator[str]:
    ends_s = [(fault.machine, fault.start_s + fault.lasts_s) for fault in faults.machine]
    ends_s += [(fault.machine, fault.start_s + fault.lasts_s) for fault in faults.sensor]
    for machine, end_s in ends_s:
        if end_s > faults.repeat_s:
            yield f"faults.repeat_s is {faults.repeat_s:g}, but one of {machine} ends at {end_s:g} s; lengthen it"


def _dangling_names(scene: Scene) -> Iterator[str]:
    machine_ids = {machine.id for machine in scene.machines}
    if scene.belt.camera not in {camera.id for camera in scene.cameras if camera.sees == "belt"}:
        yield f"belt.camera is {scene.belt.camera!r}, which is no camera that sees the belt; correct the name"
    faulted = [(f"machine[{index}]", fault.machine) for index, fault in enumerate(scene.faults.machine)]
    faulted += [(f"sensor[{index}]", fault.machine) for index, fault in enumerate(scene.faults.sensor)]
    for key, machine_id in faulted:
        if machine_id not in machine_ids:
            yield f"faults.{key}.machine is {machine_id!r}, which is not in machines; correct the name"
    profiles = {machine.id: machine.profile for machine in scene.machines if machine.profile in shipped_profiles()}
    for index, fault in enumerate(scene.faults.sensor):
        if (profile := profiles.get(fault.machine)) is not None:
            complaints = _sensor_contradictions(fault, load_profile(profile))
            yield from (f"faults.sensor[{index}].{complaint}" for complaint in complaints)


def _sensor_contradictions(fault: SensorFault, profile: Profile) -> Iterator[str]:
    if (fault.kind in UNIT_FAULTS) == (fault.channel is not None):
        yield "channel: a dropout or an exception is the whole machine's and takes none, others need one"
        return
    if fault.kind == "exception" and fault.amount not in EXCEPTION_CODES:
        yield f"amount is {fault.amount:g}; a Modbus exception has one of {', '.join(map(str, EXCEPTION_CODES))}"
    if fault.kind == "quantisation" and fault.amount <= 0:
        yield f"amount is {fault.amount:g}; give the size of one step, above 0"
    words = {register.name: register.words for register in profile.registers}
    if fault.kind == "swapped_words" and words.get(str(fault.channel)) != 2:
        yield f"channel is {fault.channel!r}, but words can only be swapped in a register of 32 bits of {profile.name}"


def _repeated(key: str, names: Iterable[str]) -> Iterator[str]:
    yield from (f"{key}: {name!r} occurs {n} times; names must differ" for name, n in Counter(names).items() if n > 1)
