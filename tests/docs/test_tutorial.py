"""What the tutorial promises of its examples is what the tasks say of them."""

from pathlib import Path

import vision_models
from edge_agent.clock import DeviceClock, boot_id
from edge_agent.errors import SourceEnded
from edge_agent.registry import SourcePlace, open_source, task_card
from edge_agent.task import Context
from protocols.messages.equipment_anomaly import EquipmentAnomaly
from protocols.messages.registry import EventData
from protocols.messages.shelf_count import ShelfCount

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs/tutorial/examples"
TEXT = (ROOT / "docs/tutorial/first-photographs.md").read_text(encoding="utf-8")
WEIGHTS = Path(vision_models.__path__[0]) / "weights"


def said_of(kind: str, place: SourcePlace) -> list[EventData]:
    """What a task with its defaults says of a recording, played at once."""
    source = open_source(place, DeviceClock(boot_id()))
    card = task_card(kind)
    task = card.build(card.settings(), Context(place.id, WEIGHTS, units=source.units))
    said: list[EventData] = []
    try:
        while sample := source.read(1.0):
            said += [finding.data for finding in task.observe(sample)]
    except SourceEnded:
        return said
    finally:
        source.close()
    raise AssertionError("the recording stopped before its end")


def test_the_pictures_are_counted_as_the_tutorial_says() -> None:
    """Three shelves, and as many cartons as stood there when the simulator drew them."""
    pictures = SourcePlace("photographs", "pictures", path=EXAMPLES / "photographs", speed=None)
    counts = [data.units for data in said_of("shelf_count", pictures) if isinstance(data, ShelfCount)]
    assert counts == [18, 11, 8]
    assert "18, 11 and 8 cartons" in TEXT


def test_the_pump_has_one_anomaly_and_it_is_its_vibration() -> None:
    """The words in a number column do no harm; nothing is said before the bearing wears."""
    said = said_of("equipment_anomaly", SourcePlace("pump", "csv", path=EXAMPLES / "pump.csv", speed=None))
    onsets = [data for data in said if isinstance(data, EquipmentAnomaly)]
    assert [(onset.phase, onset.subject, onset.channels[0].channel) for onset in onsets] == [
        ("onset", "machine", "vibration")
    ]


def test_every_command_of_the_tutorial_names_files_that_are_there() -> None:
    """What is typed can be typed."""
    named = [word for line in TEXT.splitlines() for word in line.split() if word.startswith("docs/tutorial/examples/")]
    assert len(named) == 3
    assert all((ROOT / name).exists() for name in named)
