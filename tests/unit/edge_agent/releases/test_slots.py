"""A device starts with a whole model, whatever the power cut left."""

import shutil
from pathlib import Path

import pytest

from edge_agent.releases import pointer as turns
from edge_agent.releases.pointer import Installed, Pointer
from edge_agent.releases.slots import Slots
from protocols.signing import PrivateKey, new_key, public_text
from tests.parts.bundles import archived, release_of, tiny

KIND = "shelf_count"


@pytest.fixture
def key() -> PrivateKey:
    """The releaser's."""
    return new_key()


@pytest.fixture
def slots(tmp_path: Path, key: PrivateKey) -> Slots:
    """A device on which nothing was released yet."""
    return Slots(tmp_path / "models", (public_text(key),))


def put(slots: Slots, key: PrivateKey, version: str) -> Pointer:
    """Install a bundle, its trial over; the one before may come back."""
    scratch = slots.folder.parent / version
    manifest = tiny(scratch, key, version)
    release = release_of(archived(scratch, scratch.with_suffix(".tar")), manifest)
    before = slots.pointer(KIND)
    shutil.copytree(scratch, slots.emptied(KIND), dirs_exist_ok=True)
    slots.point(KIND, pointer := turns.kept(turns.switched(before, Installed(before.free_slot, release))))
    return pointer


def test_without_a_release_the_shipped_model_runs(slots: Slots) -> None:
    """And starting leaves no file."""
    slots.start()
    assert slots.model(KIND) is None
    assert not slots.folder.exists()


def test_a_torn_slot_gives_way_to_the_one_before(slots: Slots, key: PrivateKey) -> None:
    """A file cut short after the switch: the old model, and the reason on record."""
    put(slots, key, "1.0")
    newer = put(slots, key, "2.0")
    assert newer.current is not None
    graph = slots.folder / KIND / newer.current.slot / "graph.onnx"
    graph.write_bytes(graph.read_bytes()[:-1])
    slots.start()
    model = slots.model(KIND)
    assert model is not None
    assert (model.folder / "manifest.json").read_bytes().count(b'"1.0"') == 1
    assert "graph.onnx" in slots.pointer(KIND).refused[newer.current.release.sha256].why


def test_two_torn_slots_leave_what_ships(slots: Slots, key: PrivateKey) -> None:
    """There is always a model."""
    put(slots, key, "1.0")
    put(slots, key, "2.0")
    for slot in turns.SLOTS:
        (slots.folder / KIND / slot / "manifest.json").write_bytes(b"")
    slots.start()
    assert slots.model(KIND) is None


def test_a_torn_pointer_leaves_what_ships_and_is_kept_aside(slots: Slots, key: PrivateKey) -> None:
    """It cannot be torn by us; a bad card can do it."""
    put(slots, key, "1.0")
    (slots.folder / KIND / "current").write_bytes(b"\0" * 40)
    slots.start()
    assert slots.model(KIND) is None
    assert (slots.folder / KIND / "current.unreadable").exists()


def test_a_bundle_of_a_stranger_is_not_run(slots: Slots, key: PrivateKey) -> None:
    """Someone wrote into the models folder."""
    put(slots, key, "1.0")
    put(slots, new_key(), "6.6")
    slots.start()
    assert slots.pointer(KIND).current is not None
    assert slots.pointer(KIND).current == put(Slots(slots.folder, slots.trusted_keys), key, "3.0").previous


def test_each_start_of_a_trial_is_on_disk_before_the_model_is_loaded(slots: Slots, key: PrivateKey) -> None:
    """Three starts without the trial's end: the fourth runs the old one."""
    old = put(slots, key, "1.0").current
    put(slots, key, "2.0")
    slots.point(KIND, Pointer(slots.pointer(KIND).current, old, 0))
    for boots in (1, 2):
        slots.start()
        assert slots.pointer(KIND).trial_boots == boots
    slots.start()
    assert slots.pointer(KIND).current == old


def test_a_model_that_cannot_be_built_is_given_up_once(slots: Slots, key: PrivateKey) -> None:
    """Then what ships has its turn, and after that there is nothing to give up."""
    put(slots, key, "1.0")
    assert slots.give_up(KIND, "no memory")
    assert slots.model(KIND) is None
    assert not slots.give_up(KIND, "no memory")
