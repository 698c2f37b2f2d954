"""What a device with very many tasks says of itself fits into one message."""

from typing import Any

import msgspec
import pytest

from edge_agent.config import MOST_TASKS
from edge_agent.link.states import birth_payload, reported_payload
from protocols.envelope import MAX_STATE_BYTES
from protocols.messages.device import Birth, Reported, TaskAnnouncement
from tests.makers import NOON

SCHEMA = {"type": "object", "description": "x" * 2500}


def settings_of(regions: int) -> dict[str, Any]:
    """Of a camera that looks at so many shelves."""
    return {"regions": [{"location": f"b-{n}", "sku": "oat-milk-1l"} for n in range(regions)]}


def born(tasks: int) -> Birth:
    """The birth of a device with so many cameras."""
    many = [
        TaskAnnouncement(kind="shelf_count", source=f"cam-{n}", settings=settings_of(20), settings_schema=SCHEMA)
        for n in range(tasks)
    ]
    return Birth(boot="b", started_at=NOON, version="1", tasks=many)


@pytest.mark.parametrize(("tasks", "has_settings"), [(30, True), (MOST_TASKS, False)])
def test_a_birth_names_every_task_and_its_settings_where_there_is_room(tasks: int, has_settings: bool) -> None:
    """The broker would hang up on a larger one, at each connection anew; the forms of the console stay."""
    payload = birth_payload(born(tasks))
    said = msgspec.json.decode(payload, type=Birth).tasks
    assert len(payload) <= MAX_STATE_BYTES
    assert [task.source for task in said] == [f"cam-{n}" for n in range(tasks)]
    assert all(bool(task.settings) is has_settings and task.settings_schema == SCHEMA for task in said)


@pytest.mark.parametrize(("regions", "is_whole"), [(20, True), (200, False)])
def test_a_reported_twin_says_its_version_whatever_else_it_leaves_out(regions: int, is_whole: bool) -> None:
    """The version and the refusals are what the centre waits for."""
    settings = {f"cam-{n}/shelf_count": settings_of(regions) for n in range(MOST_TASKS)}
    payload = reported_payload(Reported(version=7, boot="b", settings=settings))
    said = msgspec.json.decode(payload, type=Reported)
    assert len(payload) <= MAX_STATE_BYTES
    assert (said.version, len(said.settings)) == (7, MOST_TASKS if is_whole else 0)
