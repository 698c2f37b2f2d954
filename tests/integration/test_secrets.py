"""Secrets and files: what is told once is told nowhere else, and what lies on the disk is its owner's."""

import os
import random
import stat
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from central.api.enrolment import MOST_BYTES
from central.app import create_app
from central.fleet import claims
from central.fleet.claims import MOST_WRONG
from central.identity import tokens
from central.parts import Parts
from central.up.folder import HouseFolder, held, prepared
from edge_agent.link.enrolment import request_of
from edge_agent.outbox.database import OUTBOX_NAME, OutboxFile
from protocols.enrolment import PATH, ClaimCode, read_code
from protocols.signing import new_key
from tests.parts.centre import SITE, migrated, parts_on
from tests.parts.gate import gate_at, now

READS = (
    *("/api/v1/devices", "/api/v1/devices/gate-07", "/api/v1/devices/gate-07/twin", "/api/v1/commands", "/api/v1/health"),
    *("/api/v1/events", "/api/v1/ledger", "/api/v1/rollouts", "/api/openapi.json", "/metrics", "/api/v1/claims"),
)
SCOPES = tuple(sorted(tokens.SCOPES))


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """A house with TLS whose broker does not run."""
    folder = tmp_path_factory.mktemp("secrets")
    with migrated(folder / "house.db") as engine:
        yield replace(parts_on(engine), gate=gate_at(folder / "gate"))


@pytest.fixture(scope="module")
def client(parts: Parts) -> FlaskClient:
    """The web server over it."""
    return create_app(parts, secret_key=b"of this test only").test_client()


def token(parts: Parts) -> str:
    """One that may do everything."""
    with parts.writing() as conn:
        return tokens.issue(conn, "tool", SITE, SCOPES, now(), random.Random(1).randbytes)


def claimed(parts: Parts, device: str) -> ClaimCode:
    """A claim of a device."""
    wish = claims.Wish(device, SITE, device)
    with parts.writing() as conn:
        return claims.make(conn, parts.require_gate(), wish, "test", parts.now(), random.Random(2).randbytes).code


def tried(client: FlaskClient, code: ClaimCode, address: str = "127.0.0.1", **changes: str) -> int:
    """How a try to enrol is answered."""
    asked = {"number": code.number, "secret": code.secret, "request": request_of(new_key()), **changes}
    return client.post(PATH, json=asked, environ_base={"REMOTE_ADDR": address}).status_code


def test_what_is_told_once_stands_in_no_log_and_no_other_answer(client: FlaskClient, parts: Parts) -> None:
    """A token, the secret of a claim and the house's keys: not in a line, not in an answer, not in the database."""
    bearer = token(parts)
    headers = {"Authorization": f"Bearer {bearer}"}
    with capture_logs() as lines:
        told = client.post("/api/v1/claims", json={"device": "gate-07", "label": "Gate"}, headers=headers)
        code = read_code(told.get_json()["code"])
        tried(client, code, secret="0" * 12)
        answers = [client.get(path, headers=headers).get_data(as_text=True) for path in READS]
        assert tried(client, code) == 200
        client.get("/api/v1/devices", headers={"Authorization": f"Bearer {bearer[:-1]}0"})
        answers += [client.get(path, headers=headers).get_data(as_text=True) for path in READS]
    folder = Path(parts.engine.url.database or "").parent
    kept = b"".join(file.read_bytes() for file in folder.glob("house.db*")).decode("utf-8", "replace")
    keys = [file.read_text().splitlines()[1] for file in (folder / "gate").rglob("*.key")]
    assert keys
    for secret in (bearer, bearer.rpartition("_")[2], code.secret, str(code), *keys):
        assert secret not in repr(lines)
        assert not [place for place, said in enumerate(answers) if secret in said]
        assert secret not in kept


def test_a_code_cannot_be_guessed_by_restarting_the_house(client: FlaskClient, parts: Parts) -> None:
    """Wrong tries are counted where the claim is: neither a restart nor another address begins anew."""
    code = claimed(parts, "gate-08")
    for place in range(MOST_WRONG):
        assert tried(client, code, f"127.0.0.{place + 2}", secret="0" * 12) == 403
    restarted = create_app(parts, secret_key=b"after a restart").test_client()
    assert tried(restarted, code, "127.0.0.99") == 403


def test_a_code_that_was_used_is_used_up_after_a_restart_too(client: FlaskClient, parts: Parts) -> None:
    """The second device is not let in, whatever it brings."""
    code = claimed(parts, "gate-09")
    assert tried(client, code) == 200
    assert tried(create_app(parts, secret_key=b"x").test_client(), code) == 403


@pytest.mark.parametrize("path", ["", "/renewal"])
def test_a_body_without_an_end_is_cut_off(client: FlaskClient, path: str) -> None:
    """Also one in chunks, which says no length: more than a request needs is not read."""
    told = client.post(PATH + path, data=b"{" + b" " * MOST_BYTES, content_type="application/json")
    assert told.status_code == 413
    body = BytesIO(b'{"number":"' + b"0" * 300_000 + b'"}')
    chunked = client.post(
        PATH + path, input_stream=body, content_type="application/json", environ_overrides={"wsgi.input_terminated": True}
    )
    assert chunked.status_code == 413
    assert body.tell() <= 2 * MOST_BYTES


@pytest.mark.parametrize(
    "name", ["..%2f..%2f..%2fetc%2fpasswd", "sha256:..%2f..%2fkeys", "sha256:" + "0" * 63 + "%0a", "%00", "."]
)
def test_the_name_of_an_archive_or_a_picture_is_no_path(client: FlaskClient, parts: Parts, name: str) -> None:
    """It is a hash, or there is nothing."""
    headers = {"Authorization": f"Bearer {token(parts)}"}
    for place in ("releases", "evidence"):
        told = client.get(f"/api/v1/{place}/{name}", headers=headers)
        assert told.status_code in {401, 404, 405, 422}


def test_what_lies_in_a_house_is_its_owners(tmp_path: Path) -> None:
    """Whatever the umask says: secrets have mode 0600, and the folders that hold them let nobody else in."""
    before = os.umask(0)
    try:
        folder = HouseFolder(tmp_path / "house")
        with held(folder):
            prepared(folder, lambda _text: None)
        OutboxFile(tmp_path / "edge" / OUTBOX_NAME).close()
    finally:
        os.umask(before)
    for closed in (folder.path, tmp_path / "edge"):
        assert mode(closed) == 0o700
    secrets = [file for file in folder.path.rglob("*") if file.is_file() and is_secret(file)]
    assert len(secrets) >= 4
    assert {file.name: mode(file) for file in secrets if mode(file) != 0o600} == {}


def mode(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def is_secret(file: Path) -> bool:
    """Whether whoever reads it could be somebody else."""
    return file.parent.name == "secrets" or file.suffix in {".key", ".password", ".token"} or file.name == "passwords"
