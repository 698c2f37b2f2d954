"""A small house in a database of its own: one site, two items on three shelves, eight weeks of sales, one device.

The clock is the test's: it stands still until it is moved.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from central.background import runner
from central.deciding import waking
from central.deciding.capability import Capability
from central.deciding.registry import discover
from central.floor import stock
from central.parts import Parts
from central.store import announcements, catalogue, decisions, demand, devices, events, schema
from central.store.catalogue import Item, Shelf, Site, Supplier
from central.store.counts import Count
from central.store.decisions import Decision
from central.store.devices import Device
from central.store.engine import open_engine
from central.store.movements import Movement
from central.store.types import instant_text
from tests import makers
from tests.makers import NOON

SITE = "s1"
OAT, TEA = "oat-milk-1l", "green-tea-100g"
CATALOGUE = (
    Site(SITE, {"en": "Warehouse", "zh_Hans": "仓库"}),
    Supplier("lakeside", {"en": "Lakeside", "zh_Hans": "湖畔"}, lead_time_d=2, lead_time_sd_d=0.5),
    Item(OAT, {"en": "Oat milk 1 l", "zh_Hans": "燕麦奶 1升"}, "lakeside", pack_size=12, unit_cost=1.29, currency="EUR"),
    Item(TEA, {"en": "Green tea", "zh_Hans": "绿茶"}, "lakeside", pack_size=6, unit_cost=2.4, currency="EUR"),
    Shelf(SITE, "b-04", {"en": "B-04"}, "b", OAT, facings=16),
    Shelf(SITE, "c-01", {"en": "C-01"}, "c", OAT, facings=16),
    Shelf(SITE, "a-01", {"en": "A-01"}, "a", TEA, facings=16),
)


@cache
def _migrated() -> bytes:
    """An empty house, migrated once for all tests of a process."""
    with TemporaryDirectory() as folder:
        database = Path(folder) / "empty.db"
        engine = open_engine(database)
        schema.upgrade(engine)
        engine.dispose()
        return database.read_bytes()


class House:
    """`parts` as the running app has them; `now` is what its clock says."""

    def __init__(self, folder: Path) -> None:
        self.now = NOON
        self.database = folder / "house.db"
        self.database.write_bytes(_migrated())
        engine = open_engine(self.database)
        self.parts = Parts(engine=engine, capabilities=discover(), now=lambda: self.now, site=SITE, broker="127.0.0.1:0")
        with self.parts.writing() as conn:
            catalogue.put(conn, CATALOGUE)
            devices.add(conn, Device("eye-01", SITE, "Eye", "no key", NOON))
        self.sell_for(days=56, units=5)
        self._sequence = 0

    def close(self) -> None:
        """Let the database go."""
        self.parts.engine.dispose()

    @property
    def inventory(self) -> Capability:
        """The card that decides on stock."""
        return next(card for card in self.parts.capabilities if card.name == "supply.inventory")

    def parts_with_a_clock(self, clock: Callable[[], datetime]) -> Parts:
        """The same parts under another clock."""
        return replace(self.parts, now=clock)

    def sell_for(self, days: int, units: float) -> None:
        """So many units of each item sold on each of the days before today."""
        past = [self.now.date() - timedelta(days=back) for back in range(1, days + 1)]
        with self.parts.writing() as conn:
            for sku in (OAT, TEA):
                demand.add(conn, SITE, {(sku, day): units + day.toordinal() % 3 for day in past})

    def move(self, *movements: Movement) -> None:
        """Book movements, as the API does."""
        with self.parts.writing() as conn:
            posted = stock.post_movements(conn, SITE, movements, "test", self.now)
            waking.wake(conn, self.parts.capabilities, posted.facts, self.now)

    def receive(self, location: str, units: int, sku: str = OAT) -> None:
        """Goods come in."""
        self._sequence += 1
        self.move(Movement(f"m-{self._sequence}", "receipt", sku, location, units, self.now))

    def count(self, location: str, units: int, sku: str = OAT, confidence: float = 0.93) -> int:
        """The camera counts; returns the sequence of its event."""
        self._sequence += 1
        seen = makers.shelf_count(location=location, sku=sku, units=units, facings=units, confidence=confidence)
        at = instant_text(self.now)
        row = (
            *("eye-01", self._sequence, makers.event_id(self._sequence), SITE, "shelf_count/1", at, at, "boot"),
            *(1, "ntp", "shelf-1.0", f"sha256:{self._sequence:064x}", msgspec.json.encode(seen).decode(), None),
        )
        count = Count(location, sku, units, confidence, self.now, "eye-01", self._sequence)
        with self.parts.writing() as conn:
            events.append(conn, [row])
            facts = stock.record_counts(conn, SITE, [count], self.now)
            waking.wake(conn, self.parts.capabilities, facts, self.now)
        return self._sequence

    def pass_time(self, **span: float) -> datetime:
        """Move the clock, by so many seconds, minutes, hours or days."""
        self.now += timedelta(**span)
        return self.now

    def decide(self) -> int:
        """Let the background decide what is due, once bursts have settled."""
        self.pass_time(seconds=2)
        return runner.drain(self.parts)


def all_decisions(house: House) -> list[Decision]:
    """Every decision, newest first."""
    with house.parts.reading() as conn:
        return decisions.page(conn, SITE)


def said(house: House) -> list[str]:
    """The topics of what was announced about decisions, in order."""
    with house.parts.reading() as conn:
        rows = announcements.after(conn, SITE, 0, 1000)
    return [row.topic.split("/")[-1] for row in rows if "/decision/" in row.topic]
