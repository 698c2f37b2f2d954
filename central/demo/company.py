"""The demo company in the store: its house, three years of trade, and what stands on its shelves when the doors open."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection

from central import house_file, upkeep_file
from central.demo import trade, years
from central.floor import stock
from central.store import audit, catalogue, house, params, positions, upkeep
from central.store.movements import Movement

FOLDER = Path(__file__).parent
HOUSE_FILE = FOLDER / "house.toml"
UPKEEP_FILE = FOLDER / "upkeep.toml"
TRADE_FILE = FOLDER / "trade.toml"
SCENE_FILE = FOLDER / "scene.toml"
SCENE = "small_warehouse"
SITE = "s1"
SEED = 20261124
WHO = "demo"
# A shop without a back room: its shelves are all its stock, so it orders every hour, for a day.
RULES: Mapping[str, Mapping[str, float]] = {"supply.inventory": {"service_level": 0.95, "review_d": 0.08, "cover_d": 1.0}}


@dataclass(frozen=True)
class Scene:
    """What the simulator does: units sold on an ordinary day by SKU, units at the opening by location, Modbus ids."""

    daily_demand: Mapping[str, float]
    opening_units: Mapping[str, int]
    modbus_device_ids: Mapping[str, int]


def scene() -> Scene:
    """What scene.toml says."""
    return Scene(**tomllib.loads(SCENE_FILE.read_text(encoding="utf-8")))


def settle_in(conn: Connection, now: datetime) -> None:
    """Load the house and its past, once; doing it again changes nothing."""
    if house.value(conn, "demo") == SCENE:
        return
    catalogue.put(conn, house_file.read(HOUSE_FILE).records())
    upkeep.replace_all(conn, SITE, upkeep_file.read(UPKEEP_FILE).records())
    years.live_through(conn, SITE, _trade(), now, SEED)
    for capability, values in RULES.items():
        params.change(conn, capability, values, WHO, now)
    house.put(conn, "demo", SCENE)
    audit.record(conn, audit.Deed(who=WHO, action="house.loaded", thing=f"house/{SCENE}"), now)


def open_doors(conn: Connection, now: datetime) -> None:
    """Book what stands on the simulated shelves at first, as receipts; afterwards the simulator keeps what it sold."""
    units, known = scene().opening_units, positions.of_site(conn, SITE)
    shelves = [(shelf.location, shelf.sku) for shelf in catalogue.all_of(conn, catalogue.Shelf, SITE)]
    opening = [_opening(place, units[place[0]], now) for place in shelves if place not in known]
    stock.post_movements(conn, SITE, [movement for movement in opening if movement.quantity], WHO, now)


def _opening(place: positions.Place, quantity: int, now: datetime) -> Movement:
    location, sku = place
    name = f"tallyhouse:demo:{SITE}:{location}:{now.isoformat()}"
    return Movement(str(uuid5(NAMESPACE_URL, name)), "receipt", sku, location, quantity, now)


def _trade() -> trade.Trade:
    known = [record for record in house_file.read(HOUSE_FILE).records() if isinstance(record, catalogue.Item)]
    return trade.read(TRADE_FILE, known, scene().daily_demand)
