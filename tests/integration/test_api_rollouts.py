"""Devices fetch archives by their own signature; programs read how rollouts go."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from werkzeug.test import TestResponse

from central.app import create_app
from central.fleet import release_orders as orders
from central.fleet.archives import PATH, Archives
from central.store import devices
from central.store.devices import Device
from central.store.releases import Release
from protocols import request_signing
from protocols.messages.device import Birth, TaskAnnouncement
from protocols.signing import new_key, public_text
from tests.makers import NOON
from tests.parts.bundles import tiny
from tests.parts.house import House
from tests.parts.programs import Program, problem

KEY, RELEASER = new_key(), new_key()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house with a device whose key we have, that trusts one releaser."""
    house = House(tmp_path)
    archives = Archives(tmp_path / "releases", tmp_path / "labelled", "http://127.0.0.1:8400", (public_text(RELEASER),))
    house.parts = replace(house.parts, archives=archives)
    with house.parts.writing() as conn:
        devices.add(conn, Device("cam-07", "s1", "Camera", public_text(KEY), NOON))
        task = TaskAnnouncement(kind="shelf_count", source="cam-1")
        birth = Birth(boot="b1", started_at=NOON, version="test", tasks=[task])
        devices.heard(conn, "cam-07", NOON, online=True, birth=msgspec.to_builtins(birth))
    yield house
    house.close()


@pytest.fixture
def release(house: House, tmp_path: Path) -> Release:
    """One that was added."""
    tiny(tmp_path / "bundle", RELEASER, "2.0")
    with house.parts.writing() as conn:
        return orders.add(conn, house.parts.require_archives(), tmp_path / "bundle", None, "test", NOON)


def fetched(house: House, release: Release, late: timedelta = timedelta(), **headers: str) -> TestResponse:
    """What the centre answers to cam-07, whose clock is `late` off."""
    path = f"{PATH}{release.sha256}"
    signed = request_signing.authorization("cam-07", KEY, "GET", path, house.now + late)
    client = create_app(house.parts, secret_key=b"x").test_client()
    answer = client.get(path, headers={"Authorization": signed, **headers})
    answer.get_data()
    answer.close()
    return answer


def test_a_device_gets_the_archive_under_its_hash(house: House, release: Release) -> None:
    """Whole, or the rest of it."""
    whole = fetched(house, release)
    rest = fetched(house, release, Range="bytes=1000-")
    assert (whole.status_code, rest.status_code) == (200, 206)
    assert len(whole.data) == release.size_bytes
    assert rest.data == whole.data[1000:]


@pytest.mark.parametrize("header", ["", "Bearer th_1_2", "Tallyhouse-Ed25519 cam-07 1 AAAA", "Tallyhouse-Ed25519 x y z"])
def test_nobody_else_gets_it(house: House, release: Release, header: str) -> None:
    """A token of a program opens it no more than nothing does."""
    problem(fetched(house, release, Authorization=header), 401, "unauthorized")


def test_a_revoked_device_gets_it_no_more(house: House, release: Release) -> None:
    """From the moment it is on record."""
    with house.parts.writing() as conn:
        conn.execute(devices.devices.update().where(devices.devices.c.device == "cam-07").values(revoked_at=NOON))
    problem(fetched(house, release), 401, "unauthorized")


@pytest.mark.parametrize("late", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_a_signature_of_another_time_is_told_to_sign_again(house: House, release: Release, late: timedelta) -> None:
    """So that a request that was overheard is soon worth nothing."""
    problem(fetched(house, release, late), 401, "stale")


def test_an_archive_that_was_never_released_is_not_found(house: House, release: Release) -> None:
    """Also when its name would lead out of the folder."""
    problem(fetched(house, replace(release, sha256="sha256:" + "0" * 64)), 404, "not-found")
    assert fetched(house, replace(release, sha256="..%2f..%2fhouse.db")).status_code in {404, 422}


def test_programs_read_how_a_rollout_goes(house: House, release: Release) -> None:
    """Its stage, devices and gates; a program of another site does not see one that is not of its site."""
    with house.parts.writing() as conn:
        begun = orders.begin(conn, orders.Order("shelf-2.0", "s1", None, 60), "ann", NOON)
    program = Program(house)
    (shown,) = program.get("rollouts").get_json()["items"]
    assert (shown["phase"], shown["stage"], shown["canary"], shown["gates"]) == ("measuring", "canary", "cam-07", [])
    assert program.get(f"rollouts/{begun.id}").get_json() == shown
    problem(Program(house, site="s2").get(f"rollouts/{begun.id}"), 404, "not-found")
    assert Program(house, site="s2").get("rollouts").get_json()["items"] == []
