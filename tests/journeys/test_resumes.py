"""An agent that is killed goes on from the state that it saved with its last alarm."""

from pathlib import Path

import pytest

from protocols.messages.equipment_anomaly import EquipmentAnomaly
from protocols.messages.registry import read_data
from tests.integration.edge_parts import Keys, agent_process, centre_for, device_file
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually
from tests.parts.small_centre import SmallCentre

HEALTHY_MM_S, FAULTY_MM_S = 1.3, 7.0
LEARN_S = 20

MACHINE = f"""
[[source]]
id = "motor-1"
kind = "csv"
path = "motor.csv"

[[task]]
kind = "equipment_anomaly"
source = "motor-1"
settings = {{ learn_s = {LEARN_S}, on_delay_s = 1, off_delay_s = 1 }}
"""


def played(path: Path, *stretches: tuple[float, float]) -> None:
    """A CSV of a motor at five readings a second: (level in mm/s, how many seconds) after each other."""
    levels = [level for level, seconds in stretches for _ in range(int(seconds * 5))]
    rows = (f"{1_700_000_000 + i / 5:.1f},{level + 0.01 * (i * i % 7)}" for i, level in enumerate(levels))
    path.write_text("\n".join(["time,vibration [mm/s]", *rows]))


def phases(centre: SmallCentre) -> list[str]:
    """What was said of the machine, in order."""
    said = [read_data(event.kind, event.data) for _, event in sorted(centre.events.items())]
    return [anomaly.phase for anomaly in said if isinstance(anomaly, EquipmentAnomaly)]


@pytest.mark.slow
def test_an_agent_killed_in_the_middle_of_an_anomaly_remembers_what_normal_was(broker: Mosquitto, tmp_path: Path) -> None:
    """kill -9 after the onset: the next start says no second onset of the fault, and knows its end by the learned normal."""
    keys = Keys()
    config = device_file(tmp_path, keys, broker.port, "ear-02")
    config.write_text(config.read_text() + MACHINE)
    centre = centre_for(keys, broker.port, "ear-02")
    with centre.running():
        played(tmp_path / "motor.csv", (HEALTHY_MM_S, LEARN_S + 2), (FAULTY_MM_S, 60))
        with agent_process("--config", config):
            eventually(lambda: phases(centre) == ["onset"], 60, "the onset")
        played(tmp_path / "motor.csv", (FAULTY_MM_S, 3), (HEALTHY_MM_S, 60))
        with agent_process("--config", config):
            eventually(lambda: len(phases(centre)) > 1, 60, "the end")
    assert phases(centre) == ["onset", "end"]
    assert list(centre.events) == list(range(1, len(centre.events) + 1))
    assert centre.conflicts == 0
