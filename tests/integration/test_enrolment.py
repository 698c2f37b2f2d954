"""A device makes itself known: `tallyhouse-edge enrol` against the running console, over HTTPS, with nobody in between."""

import secrets
import ssl
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography.x509 import load_pem_x509_certificate
from flask.testing import FlaskClient
from msgspec import json
from werkzeug.test import TestResponse

from central import runtime
from central.app import create_app
from central.config import load
from central.errors import DeviceError
from central.fleet import admission, authority, certificates, claims
from central.fleet.authority import Authority
from central.fleet.claims import Made, Wish
from central.fleet.secret_files import write_secret
from central.parts import Parts
from central.store import devices, identities
from central.up.folder import HouseFolder, prepared
from edge_agent import config as edge_configuration
from edge_agent.clock import DeviceClock
from edge_agent.errors import EnrolmentRefused
from edge_agent.link.enrolment import Claimed, enrol, papers_in, request_of
from edge_agent.link.renewal import Renewing
from edge_agent.link.requests import Centre
from protocols.enrolment import PATH, Applicant, read_code
from protocols.signing import new_key, private_key, public_text
from tests.parts.ports import answers, eventually, free_port

TALLYHOUSE, EDGE = (Path(sys.executable).with_name(name) for name in ("tallyhouse", "tallyhouse-edge"))


@dataclass(frozen=True)
class House:
    """A house with TLS whose console runs."""

    parts: Parts
    port: int

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def claim(self, device: str, *, replaces: bool = False, at: datetime | None = None) -> Made:
        """Leave for a device."""
        with self.parts.writing() as conn:
            wish = Wish(device, "s1", device, replaces)
            return claims.make(conn, self.parts.require_gate(), wish, "test", at or self.parts.now(), secrets.token_bytes)

    def key_of(self, device: str) -> str | None:
        """The public key on record."""
        with self.parts.reading() as conn:
            known = devices.get(conn, device)
        return known.public_key if known else None


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """`tallyhouse serve` over HTTPS."""
    folder, port = HouseFolder(tmp_path_factory.mktemp("house")), free_port()
    write_secret(
        folder.config_file,
        f"[console]\nport = {port}\ntls = true\n[broker]\nport = {free_port()}\ntls = true\n"
        f"device_port = {free_port()}\nprogram_port = {free_port()}\n".encode(),
    )
    prepared(folder, print)
    subprocess.run([TALLYHOUSE, "migrate", "--config", folder.config_file], check=True, capture_output=True, timeout=60)
    with subprocess.Popen([TALLYHOUSE, "serve", "--config", folder.config_file], stderr=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: answers(port), within_s=30, what="the console")
            with runtime.opened(load(folder.config_file)) as parts:
                yield House(parts, port)
        finally:
            process.terminate()


def edge(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """What `tallyhouse-edge` says."""
    return subprocess.run([EDGE, *words], capture_output=True, text=True, check=False, timeout=60)


def claimed(house: House, made: Made) -> Claimed:
    """What somebody typed on the device."""
    return Claimed.read(house.url, str(made.code), None)


def test_a_device_makes_its_key_and_gets_its_certificate(house: House, tmp_path: Path) -> None:
    """With the code that a person carried over; its files are its own, and its configuration is good."""
    made = house.claim("eye-01")
    done = edge("enrol", "--server", house.url, "--code", str(made.code).lower(), "--out", tmp_path)
    assert "this device is eye-01 of site s1" in done.stdout, done.stderr
    papers = papers_in(tmp_path)
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    key = private_key(papers.key.read_bytes())
    assert house.key_of("eye-01") == public_text(key)
    assert papers.held().public_key() == key.public_key()
    assert papers.held().subject.rfc4514_string() == "CN=eye-01"
    config = edge_configuration.load(tmp_path / "agent.toml")
    assert (config.device, config.centre_url, config.broker.certificate_file) == ("eye-01", house.url, papers.certificate)


def test_the_link_of_the_picture_code_is_all_that_is_needed(house: House, tmp_path: Path) -> None:
    """Its last part is the code, which a browser would not send."""
    made = house.claim("eye-02")
    assert made.link.startswith(f"{house.url}/enrol#")
    assert edge("enrol", "--server", made.link, "--out", tmp_path).returncode == 0
    assert tomllib.loads((tmp_path / "agent.toml").read_text())["device"] == "eye-02"


def test_a_code_works_once(house: House, tmp_path: Path) -> None:
    """Whoever comes second gets nothing, and the first keeps its place."""
    made = house.claim("eye-03")
    enrol(claimed(house, made), tmp_path / "first", replaces=False)
    on_record = house.key_of("eye-03")
    with pytest.raises(EnrolmentRefused, match="403: The code is wrong, used or older than ten minutes"):
        enrol(claimed(house, made), tmp_path / "second", replaces=False)
    assert house.key_of("eye-03") == on_record
    assert not (tmp_path / "second").exists()


def test_a_code_lasts_ten_minutes(house: House, tmp_path: Path) -> None:
    """Not a second longer."""
    made = house.claim("eye-04", at=datetime.now(UTC) - timedelta(minutes=10))
    with pytest.raises(EnrolmentRefused, match="403"):
        enrol(claimed(house, made), tmp_path, replaces=False)
    assert house.key_of("eye-04") is None


def test_five_wrong_tries_make_a_code_void(house: House) -> None:
    """So that a claim cannot be guessed within its ten minutes: 60 bits, five tries."""
    made, gate, request = house.claim("eye-05"), house.parts.require_gate(), request_of(new_key())
    for secret in ("0" * 12, *(["1" * 12] * 4)):
        with house.parts.writing() as conn:
            wrong = Applicant(number=made.code.number, secret=secret, request=request)
            assert admission.admit(conn, gate, wrong, house.parts.now()) is None
    with house.parts.writing() as conn:
        right = Applicant(number=made.code.number, secret=made.code.secret, request=request)
        assert admission.admit(conn, gate, right, house.parts.now()) is None


def test_a_newer_claim_of_a_device_replaces_the_older(house: House, tmp_path: Path) -> None:
    """A code that was lost on its way cannot be found and used."""
    lost, made = house.claim("eye-06"), house.claim("eye-06")
    with pytest.raises(EnrolmentRefused, match="403"):
        enrol(claimed(house, lost), tmp_path, replaces=False)
    enrol(claimed(house, made), tmp_path, replaces=False)


def test_an_identity_is_not_overwritten_unless_asked(house: House, tmp_path: Path) -> None:
    """The code stays good for another try."""
    enrol(claimed(house, house.claim("eye-07")), tmp_path, replaces=False)
    before = (tmp_path / "device.key").read_bytes()
    made = house.claim("eye-08")
    with pytest.raises(EnrolmentRefused, match=r"device\.key holds an identity already; --replace"):
        enrol(claimed(house, made), tmp_path, replaces=False)
    assert (tmp_path / "device.key").read_bytes() == before
    assert enrol(claimed(house, made), tmp_path, replaces=True).device == "eye-08"


def test_a_known_name_is_claimed_again_only_on_purpose(house: House, tmp_path: Path) -> None:
    """Then the old certificate is worth nothing, and the new key is on record."""
    enrol(claimed(house, house.claim("eye-09")), tmp_path / "old", replaces=False)
    with pytest.raises(DeviceError, match="eye-09 exists already"):
        house.claim("eye-09")
    enrol(claimed(house, house.claim("eye-09", replaces=True)), tmp_path / "new", replaces=False)
    old, new = papers_in(tmp_path / "old").held(), papers_in(tmp_path / "new").held()
    with house.parts.reading() as conn:
        revoked = {one.serial for one in identities.revoked_certificates(conn, house.parts.now())}
        held = identities.newest_certificate(conn, "eye-09")
    assert f"{old.serial_number:x}" in revoked
    assert held is not None
    assert held.serial == f"{new.serial_number:x}"


def test_a_claim_of_another_house_is_not_told_the_code(house: House, tmp_path: Path) -> None:
    """The pin does not fit: whoever answers at that address has another authority, and learns nothing."""
    made = house.claim("eye-10")
    with impostor(tmp_path / "theirs") as (port, asked):
        typed = Claimed.read(f"https://127.0.0.1:{port}", str(made.code), None)
        with pytest.raises(EnrolmentRefused, match="shows another authority than the claim names"):
            enrol(typed, tmp_path / "eye", replaces=False)
    assert asked == [f"{PATH}/authority"]
    assert house.key_of("eye-10") is None


def test_somebody_in_between_who_shows_our_authority_is_found_out(house: House, tmp_path: Path) -> None:
    """He may repeat the authority's certificate, which is no secret, but cannot speak TLS in its name."""
    made, ours = house.claim("eye-11"), house.parts.require_gate().authority.certificate_text()
    with impostor(tmp_path / "theirs", shows=ours) as (port, asked):
        typed = Claimed.read(f"https://127.0.0.1:{port}", str(made.code), None)
        with pytest.raises(EnrolmentRefused, match="is not the centre of this claim"):
            enrol(typed, tmp_path / "eye", replaces=False)
    assert asked == [f"{PATH}/authority"]


def test_a_fingerprint_that_was_compared_in_full_must_fit(house: House, tmp_path: Path) -> None:
    """Besides the 80 bits of it in the code."""
    made, full = house.claim("eye-12"), house.parts.require_gate().authority.fingerprint()
    with pytest.raises(EnrolmentRefused, match="another authority"):
        enrol(
            Claimed.read(house.url, str(made.code), full[:-1] + ("0" if full[-1] != "0" else "1")), tmp_path, replaces=False
        )
    pairs = ":".join(full[place : place + 2].upper() for place in range(0, 64, 2))
    assert enrol(Claimed.read(house.url, str(made.code), pairs), tmp_path, replaces=False).device == "eye-12"


@pytest.mark.parametrize(
    ("server", "code", "named"),
    [
        ("http://192.168.1.5:8400", "0000-" * 7 + "0000", "everybody could read along"),
        ("ftp://localhost", "0000-" * 7 + "0000", "no address of a centre"),
        ("https://localhost:99999", "0000-" * 7 + "0000", "99999|[Pp]ort"),
        ("https://localhost", "0000-0000", "eight groups of four"),
        ("https://localhost", None, "a claim code is missing"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anybody_is_asked(
    tmp_path: Path, server: str, code: str | None, named: str
) -> None:
    """With what to do instead."""
    with pytest.raises(EnrolmentRefused, match=named):
        enrol(Claimed.read(server, code, None), tmp_path, replaces=False)


def test_a_request_that_is_none_leaves_the_code_good(house: House, tmp_path: Path) -> None:
    """Nor does a request whose key somebody else has count."""
    made = house.claim("eye-13")
    forged = request_of(new_key()).replace("MI", "MJ", 1)
    centre = Centre("127.0.0.1", house.port, context_believing(house))
    for request in ("nonsense", forged):
        asked = json.encode(Applicant(number=made.code.number, secret=made.code.secret, request=request))
        with pytest.raises(EnrolmentRefused, match="422"):
            centre.post(PATH, asked, {})
    assert enrol(claimed(house, made), tmp_path, replaces=False).device == "eye-13"


def test_a_certificate_is_renewed_for_the_same_key(house: House, tmp_path: Path) -> None:
    """By the device itself, once less than a third of its life is left; the agent shows the new one from then on."""
    enrol(claimed(house, house.claim("eye-14")), tmp_path, replaces=False)
    shown: list[str] = []
    renewing = renewing_of(house, "eye-14", tmp_path, shown)
    assert not renewing.look()
    aged(house, tmp_path, "eye-14")
    before = papers_in(tmp_path).held()
    assert renewing.look()
    after = papers_in(tmp_path).held()
    assert (after.public_key(), after.subject) == (before.public_key(), before.subject)
    assert after.not_valid_after_utc > before.not_valid_after_utc
    assert shown == ["new"]


def test_a_certificate_is_not_renewed_by_another_key_nor_after_a_revocation(house: House, tmp_path: Path) -> None:
    """A name alone is no right; a right that was taken back does not come again."""
    for name in ("eye-15", "eye-16"):
        enrol(claimed(house, house.claim(name)), tmp_path / name, replaces=False)
        aged(house, tmp_path / name, name)
    serial = papers_in(tmp_path / "eye-15").held().serial_number
    assert not renewing_of(house, "eye-15", tmp_path / "eye-16", [], papers_of=tmp_path / "eye-15").look()
    with house.parts.writing() as conn:
        identities.revoke_device(conn, "eye-16", house.parts.now())
    assert not renewing_of(house, "eye-16", tmp_path / "eye-16", []).look()
    assert papers_in(tmp_path / "eye-15").held().serial_number == serial


def test_guessing_from_one_address_becomes_slow(house: House) -> None:
    """The eleventh try waits, whatever number it names; another address does not."""
    app = create_app(house.parts, secret_key=b"test").test_client()
    asked = {"number": "0000", "secret": "0" * 12, "request": request_of(new_key())}
    statuses = [post(app, asked, "127.0.0.2").status_code for _ in range(11)]
    assert statuses == [403] * 10 + [429]
    assert int(post(app, asked, "127.0.0.2").headers["Retry-After"]) >= 1
    assert post(app, asked, "127.0.0.3").status_code == 403


def test_over_plain_http_only_this_machine_is_answered(house: House) -> None:
    """Anybody else could be read along."""
    app = create_app(house.parts, secret_key=b"test").test_client()
    refused = app.get(f"{PATH}/authority", environ_base={"REMOTE_ADDR": "192.168.1.7"})
    assert (refused.status_code, refused.get_json()["type"]) == (403, "urn:tallyhouse:problem:not-private")
    there = app.get(f"{PATH}/authority", base_url="https://house", environ_base={"REMOTE_ADDR": "192.168.1.7"})
    assert there.status_code == 200


def post(app: FlaskClient, asked: dict[str, str], address: str) -> TestResponse:
    """What the door answers to an address."""
    return app.post(PATH, json=asked, environ_base={"REMOTE_ADDR": address})


def context_believing(house: House) -> ssl.SSLContext:
    """Believes the house's servers."""
    return ssl.create_default_context(cadata=house.parts.require_gate().authority.certificate_text())


def renewing_of(house: House, device: str, folder: Path, shown: list[str], papers_of: Path | None = None) -> Renewing:
    """What an agent does every hour, with the key in `folder`."""
    key = private_key(papers_in(folder).key.read_bytes())
    papers = papers_in(papers_of or folder)
    return Renewing(device, house.url, papers, key, DeviceClock("boot"), lambda: shown.append("new"))


def aged(house: House, folder: Path, device: str) -> None:
    """The device's certificate is given again as one that was made 300 days ago."""
    papers, gate = papers_in(folder), house.parts.require_gate()
    key, then = private_key(papers.key.read_bytes()).public_key(), house.parts.now() - timedelta(days=300)
    old = certificates.device_certificate(gate.authority.signer(), device, key, then, gate.certificates_last)
    papers.certificate.write_bytes(certificates.certificate_pem(old))
    with house.parts.writing() as conn:
        identities.revoke_certificates(conn, device, then)
        row = identities.Certificate(
            serial=f"{old.serial_number:x}",
            device=device,
            public_key=public_text(key),
            issued_at=then,
            ends_at=old.not_valid_after_utc,
        )
        identities.add_certificate(conn, row)


@contextmanager
def impostor(folder: Path, shows: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """Somebody who answers in the centre's place, with an authority of his own behind his TLS. Yields port and paths."""
    theirs, asked = Authority(folder), list[str]()
    authority.init(theirs, (), datetime.now(UTC))

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.encode({"authority": shows or theirs.certificate_text()})
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_error(500)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on stderr."""

    class Quiet(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A handshake that fails is what is expected."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(theirs.server_certificate_file, theirs.server_key_file)
    with Quiet(("127.0.0.1", 0), Answer) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()
            thread.join()


def test_the_code_that_is_shown_is_the_one_that_is_read(house: House) -> None:
    """However it is written down."""
    code = house.claim("eye-17").code
    assert read_code(str(code).lower().replace("-", " ").replace("0", "o")) == code
    assert load_pem_x509_certificate(house.parts.require_gate().authority.certificate_text().encode())
