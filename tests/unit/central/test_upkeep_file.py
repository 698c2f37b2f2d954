"""The upkeep file: read whole, or refused with every mistake named."""

from pathlib import Path

import pytest

from central import upkeep_file
from central.demo.company import HOUSE_FILE, UPKEEP_FILE
from central.errors import HouseFileError
from central.house_file import read as read_house
from central.store.upkeep import Crew, MachineUpkeep, ProductionCalendar, SparePart

SMALL = """
site = "yard"
currency = "EUR"
zone = "Europe/Berlin"
[[machines]]
id = "mixer"
asset_class = "mixer"
in_service_since = 2024-05-01
hours = 2
skills = ["mechanical"]
parts = { belt = 2 }
breakdown_cost = 900
[[crews]]
id = "two"
label = "The two"
skills = ["mechanical"]
shifts = [{ days = ["mon"], from = "06:00", to = "14:00" }]
[[parts]]
id = "belt"
label = "Belt"
lead_time_d = 3
"""


def written(folder: Path, text: str) -> Path:
    """`text` as a file."""
    path = folder / "upkeep.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_becomes_rows(tmp_path: Path) -> None:
    """Each in its table, with what may be left out filled in."""
    machine, crew, part, calendar = upkeep_file.read(written(tmp_path, SMALL)).records()
    assert isinstance(machine, MachineUpkeep)
    assert (machine.in_service_since.isoformat(), machine.parts) == ("2024-05-01T00:00:00+00:00", {"belt": 2})
    assert isinstance(crew, Crew)
    assert crew.shifts == [{"days": ["mon"], "from": "06:00", "to": "14:00"}]
    assert isinstance(part, SparePart)
    assert (part.label, part.on_hand) == ({"en": "Belt"}, 0)
    assert isinstance(calendar, ProductionCalendar)
    assert calendar.zone == "Europe/Berlin"


def test_the_demo_speaks_of_the_machines_of_its_house() -> None:
    """Of all of them."""
    upkeep, house = upkeep_file.read(UPKEEP_FILE), read_house(UPKEEP_FILE.parent / HOUSE_FILE.name)
    assert {row.id for row in upkeep.machines} == {row.id for row in house.machines}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("hours = 2", "hours = -2"), "machines.1.hours"),
        (("{ belt = 2 }", "{ rope = 1 }"), "part 'rope' is not in [[parts]]"),
        (('skills = ["mechanical"]\nparts', 'skills = ["hydraulic"]\nparts'), "no crew has the skill 'hydraulic'"),
        (("Europe/Berlin", "Europe/Atlantis"), "no time zone 'Europe/Atlantis'"),
        (('"06:00"', '"6 am"'), "crews.1.shifts.1.from"),
        (("[[parts]]", "[[part]]"), "part: Extra inputs"),
        (('site = "yard"', "site ="), "not TOML"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    """Where it is, and what is wrong."""
    with pytest.raises(HouseFileError) as caught:
        upkeep_file.read(written(tmp_path, SMALL.replace(*change, 1)))
    assert told in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With an example to begin from."""
    with pytest.raises(HouseFileError, match=r"upkeep\.toml for an example"):
        upkeep_file.read(tmp_path / "none.toml")
