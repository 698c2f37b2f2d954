"""Programs let devices in and shut them out through the API."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from central.app import create_app
from central.fleet import admission
from central.identity import tokens
from central.parts import Parts
from central.store import devices
from edge_agent.link.enrolment import request_of
from protocols.enrolment import Applicant, read_code
from protocols.signing import new_key
from tests.parts.centre import SITE, migrated, parts_on
from tests.parts.gate import gate_at, now


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    """A house with TLS whose broker does not run."""
    with migrated(tmp_path / "house.db") as engine:
        yield replace(parts_on(engine), gate=gate_at(tmp_path / "gate"))


@pytest.fixture
def client(parts: Parts) -> FlaskClient:
    """The web server over it."""
    return create_app(parts, secret_key=b"of this test only").test_client()


def bearer(parts: Parts, *scopes: str, site: str = SITE) -> dict[str, str]:
    """A token as a header."""
    with parts.writing() as conn:
        token = tokens.issue(conn, f"tool-{site}", site, scopes, now(), random.Random(f"{site} {scopes}").randbytes)
    return {"Authorization": f"Bearer {token}"}


def test_a_tool_claims_a_device_and_shuts_it_out(client: FlaskClient, parts: Parts) -> None:
    """The code lets one device in; shutting it out twice says that it was done before."""
    told = client.post("/api/v1/claims", json={"device": "gate-07"}, headers=bearer(parts, "devices:admit"))
    assert told.status_code == 201
    code, gate = read_code(told.get_json()["code"]), parts.require_gate()
    assert told.get_json()["fingerprint"] == gate.authority.fingerprint()
    with parts.writing() as conn:
        applicant = Applicant(number=code.number, secret=code.secret, request=request_of(new_key()))
        assert admission.admit(conn, gate, applicant, parts.now())
    again = client.post("/api/v1/claims", json={"device": "gate-07"}, headers=bearer(parts, "devices:admit"))
    assert (again.status_code, again.get_json()["type"]) == (409, "urn:tallyhouse:problem:not-claimable")
    out = client.delete("/api/v1/devices/gate-07", headers=bearer(parts, "devices:admit"))
    assert out.get_json() == {"device": "gate-07", "session_ended": False}
    with parts.reading() as conn:
        known = devices.get(conn, "gate-07")
    assert known is not None
    assert known.revoked_at is not None
    assert client.delete("/api/v1/devices/gate-07", headers=bearer(parts, "devices:admit")).status_code == 409


def test_only_a_token_with_the_scope_and_of_the_site_lets_in_and_out(client: FlaskClient, parts: Parts) -> None:
    """Who may read devices may not shut them out; another site's tool does not see them."""
    with parts.writing() as conn:
        devices.add(conn, devices.Device("gate-07", SITE, "Gate", "KEY=", now()))
    reads = bearer(parts, "devices:read")
    assert client.post("/api/v1/claims", json={"device": "gate-08"}, headers=reads).status_code == 403
    assert client.delete("/api/v1/devices/gate-07", headers=reads).status_code == 403
    elsewhere = bearer(parts, "devices:admit", site="s9")
    assert client.delete("/api/v1/devices/gate-07", headers=elsewhere).status_code == 404
    assert client.post("/api/v1/claims", json={"device": "gate-08"}).status_code == 401


def test_a_house_without_tls_makes_no_claims(client: FlaskClient, parts: Parts, tmp_path: Path) -> None:
    """And says how it gets TLS."""
    plain = replace(parts, gate=gate_at(tmp_path / "plain", tls=False))
    other = create_app(plain, secret_key=b"of this test only").test_client()
    told = other.post("/api/v1/claims", json={"device": "gate-07"}, headers=bearer(parts, "devices:admit"))
    assert (told.status_code, told.get_json()["type"]) == (409, "urn:tallyhouse:problem:no-tls")
    assert "tallyhouse up --tls" in told.get_json()["detail"]
