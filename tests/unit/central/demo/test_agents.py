"""What the demo's agents are told."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from central import house_file
from central.demo import company
from central.demo.agents import EAR, EYE, Simulated, duties
from central.fleet.agent_file import Centre, Duties, Papers, agent_text
from central.store.catalogue import Machine, Shelf

WHERE = Simulated(
    {f"cam-{n}": f"http://127.0.0.1:1/cam-{n}" for n in range(1, 5)},
    "127.0.0.1",
    15020,
    {"conveyor-1": 1, "compressor-1": 2, "pump-1": 3},
)
CENTRE = Centre("127.0.0.1", 18883, "KEY=")


def text_of(duty: Duties) -> str:
    return agent_text(site="s1", device="eye-01", centre=CENTRE, duties=duty, papers=Papers("eye.key", password="eye.pw"))


def test_the_eyes_count_every_shelf_and_watch_the_belt() -> None:
    """Each shelf is counted once, in the camera that sees it; the fourth camera judges parts."""
    records = house_file.read(company.HOUSE_FILE).records()
    shelves = [record for record in records if isinstance(record, Shelf)]
    machines = [record for record in records if isinstance(record, Machine)]
    told = duties(WHERE, shelves, machines)
    eyes = tomllib.loads(text_of(told[EYE]))
    counted = [region["location"] for task in eyes["task"] for region in task["settings"].get("regions", ())]
    assert sorted(counted) == sorted(shelf.location for shelf in shelves)
    assert [(task["kind"], task["source"]) for task in eyes["task"]][-1] == ("defects", "cam-4")
    ears = tomllib.loads(text_of(told[EAR]))
    assert {source["asset"]: source["device_id"] for source in ears["source"]} == WHERE.modbus_device_ids
    assert [(a["id"], a["action"], a["device_id"]) for a in eyes["actuator"]] == [("gate-1", "reject_part", 9)]
    assert [(a["id"], a["action"], a["device_id"]) for a in ears["actuator"]] == [("conveyor-1", "stop_conveyor", 1)]


VALUES = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), VALUES, max_size=6))
def test_whatever_is_written_is_what_is_read(settings: dict[str, object]) -> None:
    """The TOML of an agent survives any text, number and nesting in a task's settings."""
    task = {"kind": "x", "source": "y", "settings": settings}
    assert tomllib.loads(text_of(Duties(tasks=[task])))["task"] == [task]  # type: ignore[list-item]


def test_a_device_is_told_whose_models_the_house_rolls_out() -> None:
    """Only where the house has named any: otherwise the key of the shipped models counts."""
    papers, centre = Papers("eye.key", password="eye.pw"), Centre("h", 1, "KEY=", release_keys=("A=", "B="))
    told = agent_text(site="s1", device="eye-01", centre=centre, duties=Duties(), papers=papers)
    assert tomllib.loads(told)["release_keys"] == ["A=", "B="]
    assert "release_keys" not in tomllib.loads(text_of(Duties()))
