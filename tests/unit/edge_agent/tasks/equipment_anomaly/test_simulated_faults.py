"""The watcher against machines that break as physics says, learned for forty seconds as in the demo."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from edge_agent.sample import Reading
from edge_agent.task import Context
from edge_agent.tasks.equipment_anomaly.card import CARD
from edge_agent.tasks.equipment_anomaly.settings import Settings
from firmware_sim.scene import Channel, Scene
from firmware_sim.scene_file import load
from firmware_sim.world import faults, machine
from protocols.messages.equipment_anomaly import EquipmentAnomaly
from protocols.sensor_profiles import profile as sensor_profile

STARTED_AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return load("small_warehouse")


def rows(scene: Scene, name: str, seconds: int, seed: int) -> Iterator[Reading]:
    """What the bus says of one machine, a reading a second, faults by the scene's schedule."""
    simulated = next(each for each in scene.machines if each.id == name)
    profile, rng = sensor_profile.load(simulated.profile), np.random.default_rng(seed)
    heat, before = machine.settled_heat(simulated), dict[Channel, float]()
    for second in range(seconds):
        broken = faults.severities(scene.faults, name, second)
        load_now = machine.load_share(simulated.load, second)
        heat = machine.warmed(simulated.thermal, heat, load_now, broken.get("overheating", 0.0), 1.0)
        true = machine.sensed(machine.quantities(simulated, heat, broken, second), rng)
        open_faults = faults.open_sensor_faults(scene.faults, name, second)
        said = faults.reported(true, before, open_faults, second, rng)
        values: dict[str, float | None] = dict.fromkeys(register.name for register in profile.registers)
        if said is not None:
            before = said
            values |= sensor_profile.decode(profile, sensor_profile.encode(profile, dict(said.items())))
        yield Reading(name, STARTED_AT + timedelta(seconds=second), second * 1000, "ntp", name, values)


def said_of(scene: Scene, name: str, seconds: int, seed: int) -> list[EquipmentAnomaly]:
    profile = next(each.profile for each in scene.machines if each.id == name)
    watcher = CARD.build(Settings(learn_s=40), Context(name, Path(), sensor_profile.load(profile)))
    findings = [finding.data for sample in rows(scene, name, seconds, seed) for finding in watcher.observe(sample)]
    return [data for data in findings if isinstance(data, EquipmentAnomaly)]


def second_of(moment: datetime) -> float:
    return (moment - STARTED_AT).total_seconds()


@pytest.mark.parametrize("seed", range(3))
def test_imbalance_is_found_within_forty_seconds_of_its_start(scene: Scene, seed: int) -> None:
    """The first fault of the demo: one onset, by vibration, and nothing before it."""
    said = said_of(scene, "conveyor-1", 100, seed)
    assert [(anomaly.phase, anomaly.subject, anomaly.channels[0].channel) for anomaly in said] == [
        ("onset", "machine", "vibration_mm_s")
    ]
    assert 60 <= second_of(said[0].since) <= 95


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("conveyor-1", [("machine", "vibration_mm_s", 60, 100), ("sensor", "current_a", 2035, 2060)]),
        ("pump-1", [("machine", "vibration_mm_s", 480, 960), ("sensor", "temperature_c", 1780, 1860)]),
        ("compressor-1", [("machine", "temperature_c", 1200, 1600)]),
    ],
)
def test_every_scheduled_fault_is_found_and_nothing_else(
    scene: Scene, name: str, expected: list[tuple[str, str, float, float]]
) -> None:
    """Forty minutes of each machine: the right subject, the right channel, in time."""
    onsets = [anomaly for anomaly in said_of(scene, name, 2400, seed=7) if anomaly.phase == "onset"]
    assert [(anomaly.subject, anomaly.channels[0].channel) for anomaly in onsets] == [each[:2] for each in expected]
    for anomaly, (_, _, earliest_s, latest_s) in zip(onsets, expected, strict=True):
        assert earliest_s <= second_of(anomaly.since) <= latest_s
