"""Adding a device and shutting one out, as people do it in the console."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from central.app import create_app
from central.console import live
from central.fleet import admission
from central.fleet.gate import Gate
from central.store import devices
from edge_agent.link.enrolment import request_of
from protocols.enrolment import Applicant, read_code
from protocols.signing import new_key
from tests.journeys.console_house import ConsoleHouse
from tests.parts.gate import gate_at
from tests.unit.central.console.conftest import signed_in
from tests.unit.central.console.reading import token

PAGE = "/setup/devices"


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A house with TLS, whose broker does not run."""
    return gate_at(tmp_path / "gate")


@pytest.fixture
def app(new_house: ConsoleHouse, gate: Gate) -> Iterator[Flask]:
    """The console of that house."""
    app = create_app(replace(new_house.parts, gate=gate), secret_key=b"of this test only")
    yield app
    live.stop(app)


@pytest.fixture
def li(app: Flask, new_house: ConsoleHouse) -> FlaskClient:
    """The admin's browser."""
    return signed_in(app, new_house, "li")


def test_a_code_is_shown_once_and_the_device_comes_in_by_it(li: FlaskClient, new_house: ConsoleHouse, gate: Gate) -> None:
    """Until then it is expected; then it is in, and its row says how long its certificate is good."""
    shown = sent(li, f"{PAGE}/claims", device="gate-07", label="Gate camera").get_data(as_text=True)
    assert '<svg width="' in shown
    code = read_code(re.search(r"--code ([0-9A-Z-]{39})", shown)[1])  # type: ignore[index]
    devices_page = li.get(PAGE).get_data(as_text=True)
    assert "Expected" in devices_page
    assert str(code) not in devices_page
    applicant = Applicant(number=code.number, secret=code.secret, request=request_of(new_key()))
    with new_house.parts.writing() as conn:
        assert admission.admit(conn, gate, applicant, new_house.now())
    devices_page = li.get(PAGE).get_data(as_text=True)
    assert "Expected" not in devices_page
    assert "Its certificate is good for 29 days" in devices_page


def test_a_code_can_be_withdrawn(li: FlaskClient, new_house: ConsoleHouse, gate: Gate) -> None:
    """Before it is used; nobody comes in by it afterwards, and the second try to withdraw says so."""
    shown = sent(li, f"{PAGE}/claims", device="gate-07").get_data(as_text=True)
    code = read_code(re.search(r"--code ([0-9A-Z-]{39})", shown)[1])  # type: ignore[index]
    assert sent(li, f"{PAGE}/gate-07/claim/withdraw").status_code == 303
    applicant = Applicant(number=code.number, secret=code.secret, request=request_of(new_key()))
    with new_house.parts.writing() as conn:
        assert admission.admit(conn, gate, applicant, new_house.now()) is None
    sent(li, f"{PAGE}/gate-07/claim/withdraw")
    assert "used or withdrawn meanwhile" in li.get(PAGE).get_data(as_text=True)


def test_a_name_that_cannot_be_is_said_to_be_so(li: FlaskClient) -> None:
    """And nothing is made."""
    sent(li, f"{PAGE}/claims", device="central-ingest")
    page = li.get(PAGE).get_data(as_text=True)
    assert "No code was made" in page
    assert "Expected" not in page


def test_shutting_out_says_when_the_broker_was_not_told(li: FlaskClient, new_house: ConsoleHouse) -> None:
    """The right to speak is gone all the same."""
    with new_house.parts.writing() as conn:
        devices.add(conn, devices.Device("gate-07", "s1", "Gate camera", "KEY=", new_house.now()))
    sent(li, f"{PAGE}/gate-07/revoke")
    page = li.get(PAGE).get_data(as_text=True)
    assert "the broker could not be told" in page
    assert 'id="gate-07"' not in page
    with new_house.parts.reading() as conn:
        known = devices.get(conn, "gate-07")
    assert known is not None
    assert known.revoked_at is not None


def test_a_device_of_another_site_is_not_here(li: FlaskClient, new_house: ConsoleHouse) -> None:
    """Nobody shuts out by guessing a name what he cannot see."""
    with new_house.parts.writing() as conn:
        devices.add(conn, devices.Device("far-01", "s9", "Far", "KEY=", new_house.now()))
    sent(li, f"{PAGE}/far-01/revoke")
    assert "There is no device far-01 here" in li.get(PAGE).get_data(as_text=True)
    with new_house.parts.reading() as conn:
        known = devices.get(conn, "far-01")
    assert known is not None
    assert known.revoked_at is None


@pytest.mark.parametrize("form", ["claims", "gate-07/claim/withdraw", "gate-07/revoke"])
def test_who_may_only_look_lets_nobody_in_or_out(app: Flask, new_house: ConsoleHouse, form: str) -> None:
    """Neither are the forms shown."""
    wang = signed_in(app, new_house, "wang")
    assert sent(wang, f"{PAGE}/{form}", device="gate-07").status_code == 403
    page = wang.get(PAGE).get_data(as_text=True)
    assert "Add a device" not in page


def test_a_house_without_tls_says_that_it_is_for_this_machine_only(new_house: ConsoleHouse, tmp_path: Path) -> None:
    """And offers no code."""
    app = create_app(replace(new_house.parts, gate=gate_at(tmp_path, tls=False)), secret_key=b"of this test only")
    li = signed_in(app, new_house, "li")
    page = li.get(PAGE).get_data(as_text=True)
    assert "plain MQTT, on this machine only" in page
    assert "tallyhouse up --tls" in page
    assert "Make a code" not in page
    live.stop(app)


def sent(browser: FlaskClient, address: str, **form: str) -> TestResponse:
    """What answers a form that stands on the devices' page."""
    return browser.post(address, data={"csrf_token": token(browser), "next": PAGE, **form})
