"""The commands about certificates, claims and tokens, on a house that does not run."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from central import runtime
from central.cli.main import app
from central.config import EXAMPLE, load
from central.errors import CentralError
from central.fleet import authority, broker, integrators
from central.fleet.secret_files import write_secret
from central.store import people
from central.up.folder import HouseFolder, prepared
from central.up.keeping import LOOK_EVERY_S, Keeper
from tests.parts.ports import free_port

Say = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> HouseFolder:
    """A migrated house with TLS that does not run."""
    folder = HouseFolder(tmp_path / "var")
    text = EXAMPLE
    for port in ("port = 8400", "port = 18883", "device_port = 18884", "program_port = 18885"):
        text = text.replace(f"\n{port}", f"\n{port.split(' ', maxsplit=1)[0]} = {free_port()}")
    write_secret(folder.config_file, text.encode())
    prepared(folder, print, wants_tls=True)
    assert CliRunner().invoke(app, ["migrate", "--config", str(folder.config_file)]).exit_code == 0
    return folder


@pytest.fixture
def say(folder: HouseFolder) -> Say:
    """Runs a command; an error of ours is raised as it is."""

    def run(*words: str | Path) -> Result:
        result = CliRunner().invoke(app, [*map(str, words), "--config", str(folder.config_file)])
        if isinstance(result.exception, CentralError):
            raise result.exception
        return result

    return run


def test_the_certificates_of_a_house_are_made_once(say: Say, folder: HouseFolder) -> None:
    """`init` again changes nothing; the key that can make any device is its owner's only."""
    files = folder.path / "tls"
    before = {file.name: file.read_bytes() for file in files.iterdir()}
    assert json.loads(say("tls", "init", "--json").output)["made"] is False
    assert {file.name: file.read_bytes() for file in files.iterdir()} == before
    assert (files / "authority.key").stat().st_mode & 0o777 == 0o600
    status = json.loads(say("tls", "status", "--json").output)
    assert status["fingerprint"] == json.loads(say("tls", "init", "--json").output)["fingerprint"]
    assert {"localhost", "127.0.0.1", "::1"} <= set(status["names"])
    assert status["server_days_left"] == 396


def test_a_new_name_of_the_house_gets_a_new_certificate(say: Say, folder: HouseFolder) -> None:
    """Under the same authority: devices go on believing it."""
    before = json.loads(say("tls", "status", "--json").output)
    text = folder.config_file.read_text().replace("names = []", 'names = ["192.168.1.5", "house.local"]')
    write_secret(folder.config_file, text.encode())
    assert json.loads(say("tls", "init", "--json").output)["made"] is True
    after = json.loads(say("tls", "status", "--json").output)
    assert {"192.168.1.5", "house.local"} <= set(after["names"])
    assert after["fingerprint"] == before["fingerprint"]


def test_a_certificate_near_its_end_is_told_and_renewed(say: Say, folder: HouseFolder) -> None:
    """`status` ends with 1 until `renew` was run."""
    gate = runtime.gate(load(folder.config_file))
    authority.renew_server(gate.authority, (), datetime.now(UTC) - timedelta(days=300))
    told = say("tls", "status")
    assert told.exit_code == 1
    assert "run: tallyhouse tls renew" in told.stderr
    assert "renewed" in say("tls", "renew").output
    assert say("tls", "status").exit_code == 0


def test_a_claim_is_shown_as_code_link_and_picture(say: Say) -> None:
    """For people; for scripts as JSON with the full fingerprint. Its secret is not in the database's file."""
    told = say("device", "claim", "gate-07", "--label", "Gate camera").output
    assert "tallyhouse-edge enrol --server http://127.0.0.1:" in told
    assert "█" in told
    facts = json.loads(say("device", "claim", "gate-08", "--json").output)
    assert facts["link"] == f"{facts['server']}/enrol#{facts['code']}"
    assert len(facts["fingerprint"]) == 64


def test_devices_are_listed_with_their_standing_and_shut_out_once(say: Say, tmp_path: Path) -> None:
    """One made on this machine has a certificate; the second revocation says when the first was."""
    assert say("device", "add", "ear-07", "--out", tmp_path / "ear-07").exit_code == 0
    row = json.loads(say("device", "list", "--json").output)[0]
    assert (row["device"], row["certificate_days_left"], row["revoked_at"]) == ("ear-07", 364, None)
    assert "no broker runs on this folder" in say("device", "revoke", "ear-07").output
    assert "revoked" in say("device", "list").output
    with pytest.raises(CentralError, match="ear-07 was revoked before"):
        say("device", "revoke", "ear-07")
    with pytest.raises(CentralError, match="there is no device ear-09"):
        say("device", "revoke", "ear-09")


def test_tokens_are_listed_without_their_secrets_and_revoked(say: Say) -> None:
    """Once; a program that reads out can no longer sign in at the broker either."""
    token = json.loads(say("token", "add", "erp", "--scope", "out:read", "--days", "30", "--json").stdout)["token"]
    listed = say("token", "list", "--json").output
    assert json.loads(listed)[0]["state"] == "valid"
    assert token.split("_")[2] not in listed
    assert "erp may no longer come in" in say("token", "revoke", "erp").output
    assert "revoked" in say("token", "list").output
    with pytest.raises(CentralError, match="no valid token of 'erp'"):
        say("token", "revoke", "erp")


def test_a_revoked_token_opens_no_door_of_the_broker(say: Say, folder: HouseFolder) -> None:
    """Neither by its password nor by the access list."""
    say("token", "add", "erp", "--scope", "out:read", "--json")
    assert broker.has_password(folder.broker, "out.erp")
    say("token", "revoke", "erp")
    assert not broker.has_password(folder.broker, "out.erp")
    assert "out.erp" not in folder.broker.access_at("programs").read_text()


def test_a_running_house_dismisses_a_token_that_has_ended(say: Say, folder: HouseFolder) -> None:
    """And gives its servers a new certificate in time; it looks once a minute."""
    say("token", "add", "erp", "--scope", "out:read", "--days", "1", "--json")
    config, told = load(folder.config_file), list[str]()
    later = datetime.now(UTC) + timedelta(days=300)
    with runtime.opened(config, lambda: later) as parts:
        with parts.reading() as conn:
            assert [one.program for one in integrators.listeners(conn)] == ["erp"]
            assert not people.all_tokens(conn)[0].is_valid(later)
        keeper = Keeper(parts, config, told.append)
        keeper.look(0.0)
        assert not broker.has_password(folder.broker, "out.erp")
        assert told == [
            "the servers' certificate was renewed; the console shows it after a restart",
            "tokens that have ended open MQTT no more: erp",
        ]
        keeper.look(LOOK_EVERY_S - 1)
        keeper.look(LOOK_EVERY_S + 1)
    assert len(told) == 2
    assert authority.standing(runtime.gate(config).authority, later).server_is_due is False
