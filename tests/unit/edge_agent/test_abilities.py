"""What a device can be commanded to do follows from its file, and a picture shows no more than its tasks look at."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import numpy as np
import pytest

from edge_agent.abilities import abilities, regions_of
from edge_agent.clock import DeviceClock
from edge_agent.commands.handover import Handover
from edge_agent.config import EdgeConfig, TaskConfig
from edge_agent.logs import RecentLogs
from edge_agent.sample import Frame
from edge_agent.tasks.shelf_count.region import RegionMemory, RegionWatch
from edge_agent.tasks.shelf_count.settings import Region, Settings
from edge_agent.thumbnail import whole
from edge_agent.twin import Twin
from tests.makers import NOON

REGION = {"location": "a-01", "sku": "tea", "roi": [0.0, 0.0, 0.5, 0.5]}
COIL = {"kind": "modbus_coil", "host": "127.0.0.1", "address": 0}


def twin_with(*tasks: tuple[str, dict[str, Any]]) -> Twin:
    """A twin whose tasks on cam-1 are these."""
    made = [TaskConfig(kind=kind, source="cam-1", settings=settings) for kind, settings in tasks]
    workshop = cast(Any, SimpleNamespace(config=SimpleNamespace(task=made)))
    return Twin(workshop, made, {}, lambda payload: payload, cast(Any, None))


def able(**parts: Any) -> dict[str, Sequence[str]]:
    """What a device with these parts announces."""
    fields = {"site": "s1", "device": "eye-01", "key_file": "k", "centre_key": "k", **parts}
    config = msgspec.convert(fields, EdgeConfig, dec_hook=lambda kind, text: kind(text))
    handover = Handover(cast(Any, None), cast(Any, None), lambda: None)
    found = abilities(config, twin_with(), handover, RecentLogs(), DeviceClock("b"), cast(Any, None))
    return {action: ability.targets for action, ability in found.items()}


def test_a_device_can_do_what_it_has_the_parts_for() -> None:
    """Nothing but its log without parts; nothing moves that its file does not name."""
    assert able() == {"send_logs": ()}
    camera = {"id": "cam-1", "kind": "camera", "url": "http://x"}
    pump = {"id": "pump-1", "kind": "modbus", "host": "h", "profile": "pump"}
    tasks = [{"kind": "shelf_count", "source": "cam-1"}, {"kind": "equipment_anomaly", "source": "pump-1"}]
    gate = {"id": "gate-1", "action": "reject_part", **COIL}
    assert able(source=[camera, pump], task=tasks, actuator=[gate]) == {
        "send_logs": (),
        "reload_model": ["cam-1"],
        "recount": ["cam-1"],
        "take_picture": ["cam-1"],
        "reject_part": ["gate-1"],
    }
    assert able(actuator=[{"id": "stop-1", "action": "stop_conveyor", **COIL}])["stop_conveyor"] == ["stop-1"]


@pytest.mark.parametrize(
    ("tasks", "regions"),
    [
        ([("shelf_count", {"regions": [REGION]})], [(0.0, 0.0, 0.5, 0.5)]),
        ([("shelf_count", {"regions": [REGION]}), ("defects", {"roi": [0.6, 0.6, 0.2, 0.2]})],
         [(0.0, 0.0, 0.5, 0.5), (0.6, 0.6, 0.2, 0.2)]),
        ([("defects", {})], [(0.0, 0.0, 1.0, 1.0)]),
        ([("shelf_count", {})], None),
        ([], []),
    ],
)  # fmt: skip
def test_a_picture_shows_what_the_tasks_look_at(tasks: list[tuple[str, dict[str, Any]]], regions: Any) -> None:
    """All of it where one counts the whole frame; nothing of a camera without a task."""
    assert regions_of(twin_with(*tasks), "cam-1") == regions


def test_what_lies_outside_is_pixelated() -> None:
    """A camera without a task shows blocks only."""
    pixels = np.random.default_rng(1).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    frame = Frame("cam-1", NOON, 0, "ntp", pixels)
    assert len(np.unique(whole(frame, regions_of(twin_with(), "cam-1")).reshape(-1, 3), axis=0)) < 200
    shown = whole(frame, regions_of(twin_with(("shelf_count", {"regions": [REGION]})), "cam-1"))
    assert (shown[:120, :160] == pixels[:120, :160]).all()
    assert not (shown[120:, 160:] == pixels[120:, 160:]).all()


def test_a_recount_forgets_what_was_seen_and_told() -> None:
    """The next count rests on fresh looks alone."""
    watch = RegionWatch(Region(location="a-01", sku="tea"), Settings(regions=(Region(location="a-01", sku="tea"),)))
    watch.memory.counts, watch.memory.told = [4, 4, 4], 4
    watch.recount()
    assert watch.memory == RegionMemory(location="a-01", sku="tea")
