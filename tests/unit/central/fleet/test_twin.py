"""The desired twin: who may want what, in which version, and how it is said."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection

from central.errors import DeviceError, SettingsRefused
from central.fleet import twin
from central.store import audit, devices, twins
from central.store.devices import Device
from central.store.engine import writing
from central.store.twins import Twin
from protocols import codec, signing
from protocols.messages.device import Birth, Desired, Reported, TaskAnnouncement
from protocols.messages.model_release import ModelRelease
from tests.makers import NOON
from tests.parts.centre import migrated, register

KEY = signing.new_key()
EYE = Device("eye-01", "s1", "Eye", signing.public_text(KEY), NOON)
TASK = "cam-1/shelf_count"
SCHEMA = {"type": "object", "properties": {"frames": {"type": "integer", "minimum": 1}}, "additionalProperties": False}
RELEASE = ModelRelease(model="shelf-2@sha256:ab", url="http://c/x", sha256=f"sha256:{1:064x}", size_bytes=10)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """A house with one device that has announced a task."""
    birth = Birth(
        boot="b",
        started_at=NOON,
        version="1",
        tasks=[TaskAnnouncement(kind="shelf_count", source="cam-1", settings_schema=SCHEMA)],
    )
    with migrated(tmp_path / "house.db") as engine, writing(engine) as connection:
        register(connection, "eye-01", KEY)
        devices.heard(connection, "eye-01", NOON, birth=msgspec.to_builtins(birth))
        yield connection


def want(conn: Connection, settings: dict[str, Any] | None = None, **models: ModelRelease | None) -> int:
    """Change the twin of eye-01."""
    wanted = {} if settings is None else {TASK: settings}
    return twin.change(conn, "eye-01", settings=wanted, models=models, who="Li", now=NOON)


def test_each_change_is_a_version_and_stands_in_the_audit(conn: Connection) -> None:
    """The version rises by one; the same wish again changes nothing."""
    assert [want(conn, {"frames": 3}), want(conn, {"frames": 5}), want(conn, {"frames": 5})] == [1, 2, 2]
    rows = conn.execute(audit.audit.select()).mappings().all()
    assert [(row["who"], row["action"], row["after"]["version"]) for row in rows] == [
        ("Li", "twin.changed", n) for n in (1, 2)
    ]
    assert audit.first_broken(conn) is None


def test_settings_and_models_do_not_disturb_one_another(conn: Connection) -> None:
    """A rollout leaves the settings alone, and a task that is given back to the device's file leaves the model."""
    want(conn, {"frames": 3})
    want(conn, shelf_count=RELEASE)
    assert twins.get(conn, "eye-01").settings == {TASK: {"frames": 3}}
    twin.change(conn, "eye-01", settings={TASK: None}, who="Li", now=NOON)
    after = twins.get(conn, "eye-01")
    assert (after.version, after.settings, list(after.models)) == (3, {}, ["shelf_count"])


@pytest.mark.parametrize(
    ("task", "settings", "fault"),
    [
        (TASK, {"frames": 0}, ("/cam-1~1shelf_count/frames", "must be at least 1")),
        (TASK, {"speed": 1}, ("/cam-1~1shelf_count/speed", "is unknown; there are: frames")),
        ("cam-9/shelf_count", {}, ("/cam-9~1shelf_count", "eye-01 has no such task; there are: cam-1/shelf_count")),
    ],
)
def test_what_does_not_fit_the_announced_schema_is_refused(
    conn: Connection, task: str, settings: dict[str, Any], fault: tuple[str, str]
) -> None:
    """The error names each setting, and nothing is kept."""
    with pytest.raises(SettingsRefused) as refused:
        twin.change(conn, "eye-01", settings={task: settings}, who="Li", now=NOON)
    assert [(one.pointer, one.worded()) for one in refused.value.faults] == [fault]
    assert twins.get(conn, "eye-01") == Twin("eye-01")


def test_a_twin_that_is_no_message_is_refused(conn: Connection) -> None:
    """The broker would refuse it, and the device never hear of it."""
    wide = {"type": "object", "properties": {"note": {"type": "string"}}}
    task = TaskAnnouncement(kind="shelf_count", source="cam-1", settings_schema=wide)
    birth = Birth(boot="b", started_at=NOON, version="1", tasks=[task])
    devices.heard(conn, "eye-01", NOON, birth=msgspec.to_builtins(birth))
    with pytest.raises(SettingsRefused, match="60000 bytes"):
        want(conn, {"note": "x" * 60_000})


def test_nobody_wants_anything_of_a_stranger(conn: Connection) -> None:
    """The error says where the names are."""
    with pytest.raises(DeviceError, match="device list"):
        twin.change(conn, "eye-99", who="Li", now=NOON)


def test_a_device_that_is_ahead_of_a_restored_house_is_overtaken(conn: Connection) -> None:
    """It would refuse every version up to the one it has applied; an absurd one is not believed."""
    want(conn, {"frames": 3})
    twin.overtake(conn, EYE, Reported(version=9, boot="b"), NOON)
    assert (twins.get(conn, "eye-01").version, twins.get(conn, "eye-01").settings) == (10, {TASK: {"frames": 3}})
    for version in (10, 3, 2**53):
        twin.overtake(conn, EYE, Reported(version=version, boot="b"), NOON)
    assert twins.get(conn, "eye-01").version == 10


def test_a_device_of_which_nothing_is_wanted_is_told_a_signed_version_0() -> None:
    """On its own topic, by the centre's key."""
    (said,) = twin.desired([EYE], {}, KEY)
    assert said.topic == "tallyhouse/v1/edge/s1/eye-01/down/desired"
    assert codec.decode(said.payload, Desired) == Desired(version=0)
    signing.verify(KEY.public_key(), said.payload, said.signature)


def test_a_twin_names_its_device(conn: Connection) -> None:
    """So that it cannot be said to another."""
    want(conn, {"frames": 3}, shelf_count=RELEASE)
    (said,) = twin.desired([EYE], {"eye-01": twins.get(conn, "eye-01")}, KEY)
    wanted = Desired(version=1, device="eye-01", settings={TASK: {"frames": 3}}, models={"shelf_count": RELEASE})
    assert codec.decode(said.payload, Desired) == wanted


def test_what_was_said_to_a_revoked_device_is_taken_back() -> None:
    """An empty retained payload removes the old one."""
    revoked = Device("eye-01", "s1", "Eye", signing.public_text(KEY), NOON, revoked_at=NOON)
    assert twin.desired([revoked], {}, KEY)[0].payload == b""
