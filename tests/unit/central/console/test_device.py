"""The page of one device: settings and commands as people give them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from central.app import create_app
from central.console import live
from central.fleet import commands
from central.store import commands as orders
from central.store import devices, twins
from central.store.commands import CommandRow
from central.store.engine import reading, writing
from edge_agent.registry import task_card
from protocols.messages.command import Reply
from protocols.messages.device import Birth, Refusal, Reported, TaskAnnouncement
from protocols.messages.model_release import ModelState
from tests.journeys.console_house import ConsoleHouse, copy_of
from tests.unit.central.console.conftest import signed_in
from tests.unit.central.console.reading import token

PAGE = "/setup/devices/eye-01"
TASK = "cam-4/defects"
LIMITS = {"false_alarm_rate": "", "confirmed_good": "[]", "rejected": "[]", "costs": "null", "defect_share": "0.02"}


@pytest.fixture
def own_house(house: ConsoleHouse, tmp_path: Path) -> Iterator[ConsoleHouse]:
    """A house of this test's own, whose device has said what it is."""
    own = copy_of(house, tmp_path)
    schema = msgspec.json.schema(task_card("defects").settings)
    task = TaskAnnouncement(kind="defects", source="cam-4", settings={"line": "belt-1"}, settings_schema=schema)
    able = {"take_picture": ["cam-4"], "stop_conveyor": ["conveyor-1"], "send_logs": []}
    birth = Birth(boot="b", started_at=own.now(), version="1", tasks=[task], actions=able)
    with writing(own.engine) as conn:
        devices.heard(conn, "eye-01", own.now(), birth=msgspec.to_builtins(birth))
    yield own
    own.engine.dispose()


@pytest.fixture
def own_app(own_house: ConsoleHouse) -> Iterator[Flask]:
    """Its web server."""
    app = create_app(own_house.parts, secret_key=b"of this test only")
    yield app
    live.stop(app)


@pytest.fixture
def chen(own_app: Flask, own_house: ConsoleHouse) -> FlaskClient:
    """An admin's browser."""
    return signed_in(own_app, own_house, "chen")


def sent(browser: FlaskClient, path: str, **form: str) -> int:
    """The status of a form that is sent without script."""
    return browser.post(path, data={"csrf_token": token(browser, PAGE), "next": PAGE, **form}).status_code


def newest(house: ConsoleHouse) -> CommandRow:
    """The newest command to the device."""
    with reading(house.engine) as conn:
        return orders.of_device(conn, "eye-01", 1)[0]


def test_settings_go_from_the_form_to_the_twin_and_back(chen: FlaskClient, own_house: ConsoleHouse) -> None:
    """Wanted, then reported, refused in part: the page says each, with the reason."""
    assert "As its own file says" in chen.get(PAGE).get_data(as_text=True)
    typed = {"task": TASK, "gate": "motion", "line": "belt-9", "roi": "[0, 0, 1, 1]", "threshold": "2.5",
             "review_share": "0.03", "supplier": "", "lot": "", "model": "defects", **LIMITS}  # fmt: skip
    assert sent(chen, f"{PAGE}/settings", **typed) == 303
    with reading(own_house.engine) as conn:
        assert twins.get(conn, "eye-01").settings == {TASK: {"line": "belt-9", "threshold": 2.5}}
    assert "Not heard yet" in chen.get(PAGE).get_data(as_text=True)
    refusal = Refusal(part=TASK, why="the belt is gone")
    said = Reported(version=1, boot="b", settings={TASK: {"line": "belt-1"}}, refused=[refusal])
    with writing(own_house.engine) as conn:
        devices.heard(conn, "eye-01", own_house.now(), reported=msgspec.to_builtins(said))
    page = chen.get(PAGE).get_data(as_text=True)
    assert "Applied in part" in page
    assert "the belt is gone" in page
    assert sent(chen, f"{PAGE}/settings/own", task=TASK) == 303
    with reading(own_house.engine) as conn:
        assert twins.get(conn, "eye-01").settings == {}


def test_what_does_not_fit_stands_beside_its_field_with_what_was_typed(chen: FlaskClient) -> None:
    """Nothing is wanted of the device; nobody types twice."""
    form = {"csrf_token": token(chen, PAGE), "task": TASK, "threshold": "700", "gate": "motion", "review_share": "0.03",
            "roi": "[0, 9, 1, 8]", "model": "defects", "line": "B 9", **LIMITS}  # fmt: skip
    answer = chen.post(f"{PAGE}/settings", data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert page.count('aria-invalid="true"') == 3
    assert "1: must be at most 1; 3: must be at most 1" in page
    assert "must be at most 100" in page
    assert 'value="700"' in page
    chinese = chen.post(f"{PAGE}/settings", data=form, headers={"Accept-Language": "zh-CN"}).get_data(as_text=True)
    assert "不得大于 100" in chinese
    assert "must be" not in chinese


def test_a_list_in_ten_thousand_lists_is_no_setting(chen: FlaskClient) -> None:
    """What no parser can read is said to be so, as any other typing mistake."""
    form = {"csrf_token": token(chen, PAGE), "task": TASK, "roi": "[" * 10_000}
    answer = chen.post(f"{PAGE}/settings", data=form)
    assert answer.status_code == 422
    assert "cannot be read" in answer.get_data(as_text=True)


def test_pages_name_the_model_that_runs_since_the_device_was_born(chen: FlaskClient, own_house: ConsoleHouse) -> None:
    """A released one was put in its place while the agent ran; after the way back it is the shipped one again."""
    for model in ("defects-1.4.2@sha256:aa", "defects-0.1.0@sha256:bb"):
        said = Reported(version=0, boot="b", models={"defects": ModelState(state="running", model=model)})
        with writing(own_house.engine) as conn:
            devices.heard(conn, "eye-01", own_house.now(), reported=msgspec.to_builtins(said))
        assert f'title="{model}"' in chen.get("/setup/devices").get_data(as_text=True)


def test_frames_that_nobody_looked_at_stand_beside_their_source(chen: FlaskClient) -> None:
    """What the trigger held back and what a task had no time for, in both languages."""
    page = chen.get("/setup/devices").get_data(as_text=True)
    assert "1,204 held back by its trigger" in page
    assert "7 not looked at: a task had used up its time" in page
    chinese = chen.get("/setup/devices", headers={"Accept-Language": "zh-CN"}).get_data(as_text=True)
    assert "未触发而跳过 1,204 帧" in chinese


def test_a_command_is_given_confirmed_and_followed(chen: FlaskClient, own_house: ConsoleHouse) -> None:
    """A stop waits for a second press; its reply and its result appear."""
    assert sent(chen, f"{PAGE}/commands", action="stop_conveyor", source="conveyor-1") == 303
    command = newest(own_house)
    assert (command.state, command.issued_by) == ("unconfirmed", "chen")
    assert "Confirm: it moves something" in chen.get(PAGE).get_data(as_text=True)
    assert sent(chen, f"/commands/{command.id}/confirm") == 303
    assert (newest(own_house).state, newest(own_house).confirmed_by) == ("waiting", "chen")
    with writing(own_house.engine) as conn:
        reply = Reply(command=command.id, number=1, boot="b", state="running", at=own_house.now(), progress=0.4)
        commands.follow(conn, "eye-01", reply, own_house.now())
    assert '<progress max="1" value="0.4"' in chen.get(PAGE).get_data(as_text=True)
    assert sent(chen, f"{PAGE}/commands", action="send_logs", source="") == 303
    assert sent(chen, f"/commands/{newest(own_house).id}/cancel") == 303
    assert newest(own_house).state == "cancelled"


def test_a_command_that_cannot_be_given_says_why(chen: FlaskClient, own_house: ConsoleHouse) -> None:
    """On the page that the form stands on."""
    sent(chen, f"{PAGE}/commands", action="reject_part", source="gate-1")
    assert "The command was not given: eye-01 cannot reject_part" in chen.get(PAGE).get_data(as_text=True)


def test_a_viewer_sees_and_does_nothing(own_app: Flask, own_house: ConsoleHouse, chen: FlaskClient) -> None:
    """The page says who may."""
    wang = signed_in(own_app, own_house, "wang")
    page = wang.get(PAGE).get_data(as_text=True)
    assert "Only admins give commands." in page
    assert "Only admins change settings." in page
    assert '<form method="post" action="/setup/devices/eye-01' not in page
    sent(chen, f"{PAGE}/commands", action="stop_conveyor", source="conveyor-1")
    stop = newest(own_house).id
    for path in (f"{PAGE}/settings", f"{PAGE}/settings/own", f"{PAGE}/commands", f"/commands/{stop}/confirm"):
        form = {"csrf_token": token(wang, PAGE), "task": TASK, "action": "send_logs"}
        assert wang.post(path, data=form).status_code == 403, path


@pytest.mark.parametrize("path", ["/setup/devices/eye-99", "/setup/devices/eye-99/commands", "/commands/x/confirm"])
def test_what_is_not_there_is_not_found(chen: FlaskClient, path: str) -> None:
    """A device or a command that nobody knows."""
    answer = (
        chen.get(path)
        if path.count("/") == 3 and "devices" in path
        else chen.post(path, data={"csrf_token": token(chen, PAGE)})
    )
    assert answer.status_code == 404


def test_the_page_of_a_silent_device_is_there(own_house: ConsoleHouse, chen: FlaskClient) -> None:
    """One that never said what it is, with words in place of forms."""
    with writing(own_house.engine) as conn:
        devices.heard(conn, "ear-01", own_house.now() - timedelta(days=2), birth=None, online=False)
    page = chen.get("/setup/devices/ear-01").get_data(as_text=True)
    assert "It has not said yet what it can be asked to do." in page
