"""The demo house and the simulator's scene describe the same building."""

import tomllib
from pathlib import Path
from typing import Any

from central import house_file
from central.demo import company
from central.demo.agents import CONVEYOR, GATE_DEVICE_ID

SCENE = tomllib.loads(
    (Path(company.FOLDER).parents[1] / "firmware_sim/scenes/small_warehouse.toml").read_text(encoding="utf-8")
)


def by_id(rows: list[dict[str, Any]], *keys: str) -> dict[str, tuple[Any, ...]]:
    return {row["id"]: tuple(row[key] for key in keys) for row in rows}


def test_the_house_file_says_what_the_simulator_shows() -> None:
    """Cameras look at the same regions, shelves hold the same items, names agree in both languages."""
    house = house_file.read(company.HOUSE_FILE)
    shelves = {row.id: (row.sku, row.camera, list(row.region or ()), row.facings * row.depth) for row in house.shelves}
    assert shelves == {
        row["id"]: (row["sku"], row["camera"], row["roi"], row["boards"] * row["rows"] * row["columns"])
        for row in SCENE["shelves"]
    }
    assert {row.sku: (row.label["en"], row.label["zh_Hans"]) for row in house.items} == by_id(
        SCENE["skus"], "name", "name_zh"
    )
    assert [row.id for row in house.cameras] == [row["id"] for row in SCENE["cameras"]]
    assert {row.id: (row.profile,) for row in house.machines} == by_id(SCENE["machines"], "profile")
    assert [row.id for row in house.sites] == [SCENE["site"]] == [company.SITE]
    assert SCENE["name"] == company.SCENE


def test_the_demo_knows_the_simulators_trade() -> None:
    """Demand, opening stock and Modbus ids are those of the scene."""
    scene = company.scene()
    assert {sku: (units,) for sku, units in scene.daily_demand.items()} == by_id(SCENE["skus"], "daily_demand")
    assert {place: (units,) for place, units in scene.opening_units.items()} == by_id(SCENE["shelves"], "starting_units")
    assert {name: (number,) for name, number in scene.modbus_device_ids.items()} == by_id(SCENE["machines"], "device_id")


def test_what_the_agents_may_move_is_there() -> None:
    """The gate at the belt, and the one machine that can be stopped."""
    assert SCENE["belt"]["gate_device_id"] == GATE_DEVICE_ID
    assert [row["id"] for row in SCENE["machines"] if "restart_s" in row] == [CONVEYOR]


def test_everything_has_a_chinese_name() -> None:
    """Every label that is a word, not a code such as A-01, is there in both languages."""
    house = house_file.read(company.HOUSE_FILE)
    tables = (house.sites, house.suppliers, house.items, house.cameras, house.machines)
    labels = [row.label for table in tables for row in table]
    assert all(set(label) == {"en", "zh_Hans"} for label in labels)
