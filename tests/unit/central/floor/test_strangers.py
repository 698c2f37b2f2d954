"""What devices speak of though the house file does not name it is shown, and said to be a stranger."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from central.floor.machines import all_machines, machine_named
from central.floor.shelves import all_shelves, shelf_at, unplanned_places
from central.store import conditions
from tests.makers import NOON
from tests.parts.house import SITE, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house."""
    house = House(tmp_path)
    yield house
    house.close()


def test_a_count_at_an_unknown_place_has_a_place_of_its_own(house: House) -> None:
    """It is listed apart from the planned shelves, without a capacity, a book or a difference."""
    house.count("photographs", 8, sku="unknown-carton")
    with house.parts.reading() as conn:
        (place,) = unplanned_places(conn, SITE)
        assert place == shelf_at(conn, SITE, "photographs")
        assert "photographs" not in {shelf.location for shelf in all_shelves(conn, SITE)}
    assert (place.counted, place.book, place.difference, place.worth) == (8, None, None, None)
    assert place.state(house.now) == "unlisted"


def test_an_unknown_machine_is_listed_by_its_name(house: House) -> None:
    """A condition of a machine that nobody declared is a machine all the same."""
    row = {
        "site": SITE, "machine": "rig-9", "condition": "alarm", "operating_state": "steady", "score": 2.0, "limit": 1.0,
        "learned": 1.0, "rule": "level", "since": NOON, "channels": [], "device": "eye-01", "sequence": 1, "as_of": NOON,
    }  # fmt: skip
    with house.parts.writing() as conn:
        conn.execute(conditions.conditions.insert().values(row))
    with house.parts.reading() as conn:
        first = all_machines(conn, SITE)[0]
        assert first == machine_named(conn, SITE, "rig-9")
        assert machine_named(conn, SITE, "rig-10") is None
    assert first.is_in_trouble
    assert first.label == {}
