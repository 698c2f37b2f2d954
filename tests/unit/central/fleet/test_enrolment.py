"""How a device becomes known."""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate
from sqlalchemy import Engine

from central.errors import DeviceError
from central.fleet import broker, enrolment
from central.fleet.agent_file import Centre, Duties
from central.fleet.enrolment import Newcomer
from central.fleet.gate import Gate
from central.store import catalogue, devices, identities, schema
from central.store.engine import open_engine, reading, writing
from protocols.signing import private_key, public_text
from tests.parts.gate import gate_at, now

NOW = datetime(2026, 11, 24, tzinfo=UTC)
CENTRE = Centre("127.0.0.1", 18883, "CENTRE=")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_engine(tmp_path / "house.db")
    schema.upgrade(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A house without TLS, whose broker has its files."""
    made = gate_at(tmp_path / "house", tls=False, centre=CENTRE)
    broker.write_broker(made.broker, host="127.0.0.1", port=18883, as_root=False)
    return made


def newcomer(tmp_path: Path, name: str = "cam-07", site: str = "s1") -> Newcomer:
    return Newcomer(name, site, "Gate camera", tmp_path / name)


def test_a_device_gets_a_key_a_password_and_its_file(engine: Engine, gate: Gate, tmp_path: Path) -> None:
    """The centre keeps the public half; the file names the others beside it; nobody else may read them."""
    comer = newcomer(tmp_path)
    with writing(engine) as conn:
        enrolment.enrol(conn, comer, gate, NOW, Duties())
    with reading(engine) as conn:
        known = devices.get(conn, "cam-07")
    assert known is not None
    assert known.public_key == public_text(private_key((comer.out / "cam-07.key").read_bytes()))
    agent = tomllib.loads(comer.agent_file.read_text())
    assert (agent["site"], agent["device"], agent["centre_key"]) == ("s1", "cam-07", "CENTRE=")
    assert agent["broker"] == {"host": "127.0.0.1", "port": 18883, "username": "cam-07", "password_file": "cam-07.password"}
    assert {file.stat().st_mode & 0o777 for file in comer.out.iterdir()} == {0o600}
    assert gate.broker.passwords.read_text().startswith("cam-07:$7$")


def test_doing_it_again_keeps_the_identity(engine: Engine, gate: Gate, tmp_path: Path) -> None:
    """A second start of the demo tells the agent of another port, and leaves key and password alone."""
    comer = newcomer(tmp_path)
    for port in (1, 2):
        with writing(engine) as conn:
            elsewhere = replace(gate, centre=partial(Centre, "127.0.0.1", port, "CENTRE="))
            enrolment.enrol(conn, comer, elsewhere, NOW, Duties())
        secrets = {file.name: file.read_bytes() for file in comer.out.iterdir() if file.suffix in {".key", ".password"}}
        if port == 1:
            first = secrets
    assert secrets == first
    assert tomllib.loads(comer.agent_file.read_text())["broker"]["port"] == 2


def test_a_name_on_record_with_another_key_is_not_taken_over(engine: Engine, gate: Gate, tmp_path: Path) -> None:
    """Its events would fail their signatures, and the old device would be locked out."""
    with writing(engine) as conn:
        enrolment.enrol(conn, newcomer(tmp_path), gate, NOW, Duties())
    with pytest.raises(DeviceError, match="cam-07 is on record with another key"), writing(engine) as conn:
        enrolment.enrol(conn, Newcomer("cam-07", "s1", "x", tmp_path / "elsewhere"), gate, NOW, Duties())


@pytest.mark.parametrize(
    ("name", "site", "named"),
    [
        ("Cam 7", "s1", "'Cam 7' must be 1 to 32"),
        ("cam-01", "s1", "cam-01 exists already"),
        ("cam-08", "s9", "takes one of s1"),
        ("central", "s1", "the centre's own"),
        ("central-ingest", "s1", "the centre's own"),
    ],
)
def test_what_cannot_be_added_is_refused_with_the_remedy(
    engine: Engine, gate: Gate, tmp_path: Path, name: str, site: str, named: str
) -> None:
    """Before anything is written."""
    with writing(engine) as conn:
        catalogue.put(conn, [catalogue.Site("s1", {"en": "House"})])
        enrolment.enrol(conn, newcomer(tmp_path, "cam-01"), gate, NOW, Duties())
    with pytest.raises(DeviceError, match=named), reading(engine) as conn:
        enrolment.refuse_taken(conn, newcomer(tmp_path, name, site))
    assert not (tmp_path / name).exists() or name == "cam-01"


def test_a_folder_in_use_is_left_alone(engine: Engine, tmp_path: Path) -> None:
    """An agent.toml that somebody wrote is not overwritten."""
    comer = newcomer(tmp_path)
    comer.out.mkdir()
    comer.agent_file.write_text("mine")
    with pytest.raises(DeviceError, match=r"agent\.toml exists already; give --out another folder"), reading(engine) as conn:
        enrolment.refuse_taken(conn, comer)


def test_a_damaged_key_is_named(engine: Engine, gate: Gate, tmp_path: Path) -> None:
    """Rather than replaced: the old one may be what the centre has on record."""
    comer = newcomer(tmp_path)
    comer.out.mkdir()
    (comer.out / "cam-07.key").write_text("nonsense")
    with pytest.raises(DeviceError, match=r"cam-07\.key"), writing(engine) as conn:
        enrolment.enrol(conn, comer, gate, NOW, Duties())


def test_in_a_house_with_tls_a_device_of_this_machine_gets_a_certificate(engine: Engine, tmp_path: Path) -> None:
    """Of the key that it signs with; no password is made, and another start leaves both alone."""
    gate, comer = gate_at(tmp_path / "house"), newcomer(tmp_path)
    with writing(engine) as conn:
        enrolment.enrol(conn, comer, gate, now(), Duties())
    first = {file.name: file.read_bytes() for file in comer.out.iterdir()}
    with writing(engine) as conn:
        enrolment.enrol(conn, comer, gate, now(), Duties())
    assert {file.name: file.read_bytes() for file in comer.out.iterdir()} == first
    certificate = load_pem_x509_certificate(first["device.crt"])
    assert certificate.public_key() == private_key(first["device.key"]).public_key()
    assert certificate.subject.rfc4514_string() == "CN=cam-07"
    agent = tomllib.loads(comer.agent_file.read_text())
    assert agent["broker"].keys() == {"host", "port", "certificate_file", "authority_file"}
    assert not gate.broker.passwords.exists()


def test_a_house_that_gives_up_tls_keeps_its_devices(engine: Engine, tmp_path: Path) -> None:
    """Their key stays, a password is made, and the end of their certificate does not matter any more."""
    house, comer = gate_at(tmp_path / "house"), newcomer(tmp_path)
    broker.write_broker(house.broker, host="127.0.0.1", port=18883, as_root=False)
    for gate in (house, replace(house, has_tls=False)):
        with writing(engine) as conn:
            enrolment.enrol(conn, comer, gate, now(), Duties())
    agent = tomllib.loads(comer.agent_file.read_text())
    assert agent["key_file"] == "device.key"
    assert agent["broker"]["password_file"] == "cam-07.password"
    with reading(engine) as conn:
        assert identities.ends(conn) == {}
