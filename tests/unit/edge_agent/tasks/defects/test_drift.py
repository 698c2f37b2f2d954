"""Good parts that score otherwise than they did are told once, and the end of it too."""

from datetime import UTC, datetime

import msgspec
import numpy as np

from edge_agent.tasks.defects.drift import WINDOW, DriftMemory, passed
from protocols.codec import encode
from protocols.messages.equipment_anomaly import EquipmentAnomaly

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


def told(memory: DriftMemory, centre: float, count: int, seed: int) -> list[EquipmentAnomaly]:
    scores = np.exp(np.random.default_rng(seed).normal(centre, 0.1, count))
    return [said for score in scores if (said := passed(memory, "m-1", float(score), "cam-4", AT)) is not None]


def test_steady_scores_are_not_worth_a_word() -> None:
    """Two thousand parts of one kind."""
    assert told(DriftMemory(), -0.4, 2000, 1) == []


def test_a_shift_is_told_once_with_its_end() -> None:
    """One and a half of their spread: onset, silence, and the end after things are as they were."""
    memory = DriftMemory()
    assert told(memory, -0.4, 200, 1) == []
    (onset,) = told(memory, -0.25, 400, 2)
    (end,) = told(memory, -0.4, 400, 3)
    assert (onset.phase, end.phase, onset.subject, onset.rule) == ("onset", "end", "sensor", "normal_scores_moved")
    assert onset.since == end.since
    assert (onset.channels[0].observed or 0) > (onset.channels[0].expected or 0)
    assert msgspec.json.decode(encode(onset), type=EquipmentAnomaly) == onset


def test_the_memory_is_bounded_and_survives_a_restart() -> None:
    """At most two windows; what was saved goes on."""
    memory = DriftMemory()
    told(memory, -0.4, 1000, 1)
    assert (len(memory.first), len(memory.recent)) == (WINDOW, WINDOW)
    again = msgspec.json.decode(msgspec.json.encode(memory), type=DriftMemory)
    assert [said.phase for said in told(again, 0.0, 200, 5)] == ["onset"]


def test_another_model_begins_anew() -> None:
    """Its scores mean something else."""
    memory = DriftMemory()
    told(memory, -0.4, 300, 1)
    passed(memory, "m-2", 5.0, "cam-4", AT)
    assert (memory.first, memory.recent) == ([5.0], [])
