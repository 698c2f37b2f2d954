"""What the pages say of a shelf, on a real database."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from central.floor import stock
from central.floor.history import midnight
from central.floor.shelves import all_shelves
from central.store.engine import reading, writing
from central.store.movements import Movement
from tests.journeys.console_house import ConsoleHouse, furnished


def test_less_than_nothing_stands_nowhere(tmp_path: Path) -> None:
    """A till that sells what no camera saw leaves a shelf empty, not at minus two."""
    house: ConsoleHouse = furnished(tmp_path)
    house.count("b-04", units=0)
    soon = house.now() + timedelta(seconds=1)
    sale = Movement(id="till-1", kind="sale", sku="oat-milk-1l", location="b-04", quantity=-2, occurred_at=soon)
    with writing(house.engine) as conn:
        stock.post_movements(conn, "s1", [sale], "till", house.now())
    with reading(house.engine) as conn:
        shelf = next(one for one in all_shelves(conn, "s1") if one.location == "b-04")
    assert shelf.counted == 0
    assert shelf.state(house.now()) == "empty"
    house.engine.dispose()


def test_the_day_begins_at_midnight_by_the_house() -> None:
    """To the microsecond, and never more than a day ago."""
    now = datetime(2026, 11, 24, 14, 32, 7, 123456, tzinfo=UTC)
    start = midnight(now).astimezone()
    assert (start.hour, start.minute, start.second, start.microsecond) == (0, 0, 0, 0)
    assert timedelta() <= now - start < timedelta(days=1)
