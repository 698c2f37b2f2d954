"""Alarms about devices come and go by themselves."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from central.background.loop import DEVICES_EVERY, Desk
from central.floor import alarm_book, alarms, device_alarms
from central.floor.alarms import Acknowledged
from central.floor.devices import SILENT_AFTER
from central.store import devices, quarantine
from central.store.quarantine import Held
from tests.parts.house import SITE, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house whose device has been heard."""
    house = House(tmp_path)
    heard(house)
    yield house
    house.close()


def heard(house: House, paused: str | None = None, *, online: bool = True) -> None:
    """The device says how it is."""
    with house.parts.writing() as conn:
        devices.heard(conn, "eye-01", house.now, online=online, health={"paused": paused} if paused else {})


def look(house: House) -> None:
    """The background looks."""
    with house.parts.writing() as conn:
        for site, told in device_alarms.news(conn, house.now).items():
            alarm_book.hear(conn, site, told, house.now)


def states(house: House) -> dict[str, str]:
    """Every alarm with its state."""
    with house.parts.reading() as conn:
        return {one.alarm: alarms.state(one.life, house.now) for one in alarm_book.all_standing(conn, SITE)}


def test_a_silent_device_is_an_alarm_until_it_is_heard_again(house: House) -> None:
    """Seen by a person it is over by itself; the next silence is an alarm again, though it began before we noticed."""
    look(house)
    assert states(house) == {}
    house.pass_time(seconds=SILENT_AFTER.total_seconds() + 1)
    look(house)
    assert states(house) == {"device/eye-01/silent": "unacknowledged"}
    with house.parts.writing() as conn:
        alarm_book.act(conn, SITE, "device/eye-01/silent", Acknowledged(house.now, "li"), house.now)
    heard(house)
    house.pass_time(seconds=3)
    look(house)
    assert states(house) == {"device/eye-01/silent": "normal"}
    heard(house, online=False)
    look(house)
    assert states(house) == {"device/eye-01/silent": "unacknowledged"}


def test_a_paused_device_that_falls_silent_is_one_alarm(house: House) -> None:
    """Nobody knows whether it still pauses."""
    heard(house, "disk full: 12 MB left")
    look(house)
    assert states(house) == {"device/eye-01/paused": "unacknowledged"}
    house.pass_time(minutes=3)
    look(house)
    assert states(house) == {"device/eye-01/paused": "returned", "device/eye-01/silent": "unacknowledged"}


def test_two_under_one_name_are_an_alarm_while_both_speak(house: House) -> None:
    """It ends ten minutes after the last message that gave them away."""
    held = Held("cloned", "two devices; revoke one", "tallyhouse/v1/s1/eye-01/up/events", b"{}", "eye-01", 17)
    with house.parts.writing() as conn:
        quarantine.hold(conn, [held], house.now)
    look(house)
    assert states(house) == {"device/eye-01/cloned": "unacknowledged"}
    house.pass_time(minutes=10, seconds=1)
    heard(house)
    look(house)
    assert states(house) == {"device/eye-01/cloned": "returned"}


def test_a_device_that_was_shut_out_alarms_nobody(house: House) -> None:
    """Its silence is what was wanted."""
    with house.parts.writing() as conn:
        conn.execute(update(devices.devices).values(revoked_at=house.now))
    house.pass_time(minutes=5)
    look(house)
    assert states(house) == {}


def test_the_background_looks_every_few_seconds(house: House) -> None:
    """Not with each of its rounds, which come several times a second."""
    desk = Desk(house.parts)
    desk.look()
    heard(house, online=False)
    house.pass_time(seconds=1)
    desk.look()
    assert states(house) == {}
    house.now += DEVICES_EVERY + timedelta(seconds=1)
    desk.look()
    assert states(house) == {"device/eye-01/silent": "unacknowledged"}
