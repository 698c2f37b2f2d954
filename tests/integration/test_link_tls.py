"""The edge's connection at the devices' door: it comes in by certificate, shows a renewed one, says why it is out."""

import subprocess
import time
from dataclasses import replace
from pathlib import Path
from queue import Empty

import pytest

from central.fleet import authority, certificates, revocation
from central.fleet.certificates import Revoked
from central.store.devices import Device
from edge_agent.errors import ConfigError
from edge_agent.link.connection import BrokerPlace, Connected, Connection, Disconnected, Happening
from edge_agent.link.papers import Papers, keep
from edge_agent.outbox.database import OUTBOX_NAME
from protocols.signing import new_key, public_text
from tests.integration.edge_parts import EDGE, opened_outbox
from tests.makers import NOON
from tests.parts.gate import Doors, now, three_doors

EYE = Device("eye-01", "s1", "Eye", "KEY=", NOON)
WITHIN_S = 10.0


def connection_of(doors: Doors, papers: Papers) -> Connection:
    """What an agent makes of its configuration."""
    place = BrokerPlace("127.0.0.1", doors.device_port, "eye-01", None, 20, papers)
    return Connection("s1", "eye-01", place, new_key(), b"{}")


def awaited(connection: Connection, kind: type[Happening]) -> Happening:
    """The next happening of that kind."""
    deadline_s = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline_s:
        try:
            happening = connection.happenings.get(timeout=0.2)
        except Empty:
            continue
        if isinstance(happening, kind):
            return happening
    raise AssertionError(f"no {kind} came")


def revoke_old(doors: Doors, serial: int) -> None:
    """The certificate with this serial is worth nothing, and its session ends."""
    authority.revoke(doors.gate.authority, [Revoked(serial, now())], now())
    assert revocation.enforce(doors.gate, EYE, forget=False).session_ended


def test_a_renewed_certificate_is_shown_at_the_next_connection(tmp_path: Path) -> None:
    """Without a restart of the agent: the old one lets nobody in any more, and it is back all the same."""
    with three_doors(tmp_path / "house") as doors:
        key = new_key()
        papers = doors.papers(tmp_path / "eye", "eye-01", key)
        connection = connection_of(doors, papers)
        connection.start()
        awaited(connection, Connected)
        old = papers.held().serial_number
        fresh = certificates.device_certificate(
            doors.signer, "eye-01", key.public_key(), now(), doors.gate.certificates_last
        )
        keep(papers.certificate, certificates.certificate_pem(fresh).decode())
        connection.show_new_papers()
        revoke_old(doors, old)
        awaited(connection, Disconnected)
        awaited(connection, Connected)
        connection.stop(None)


def test_a_revoked_device_says_why_it_is_out(tmp_path: Path) -> None:
    """And what to do about it: its owner reads the log, not ours."""
    with three_doors(tmp_path / "house") as doors:
        papers = doors.papers(tmp_path / "eye", "eye-01")
        connection = connection_of(doors, papers)
        connection.start()
        awaited(connection, Connected)
        revoke_old(doors, papers.held().serial_number)
        first = awaited(connection, Disconnected)
        refused = awaited(connection, Disconnected)
        connection.stop(None)
    assert isinstance(first, Disconnected)
    assert "hung up" in first.why
    assert isinstance(refused, Disconnected)
    assert "takes our certificate no more" in refused.why


def doctor_says(doors: Doors, folder: Path) -> str:
    """What `tallyhouse-edge doctor` prints of this device; its papers lie in `folder`."""
    config = folder / "agent.toml"
    config.write_text(
        f'site = "s1"\ndevice = "eye-01"\nkey_file = "device.key"\ncentre_key = "{public_text(new_key())}"\n[broker]\n'
        f'port = {doors.device_port}\ncertificate_file = "device.crt"\nauthority_file = "authority.crt"\n'
    )
    call = [*EDGE, "doctor", "--config", str(config)]
    return subprocess.run(call, capture_output=True, text=True, timeout=60, check=False).stdout


def test_the_doctor_does_not_throw_a_running_agent_out(tmp_path: Path) -> None:
    """At this door both have the certificate's name as client id. While no agent runs it signs in itself."""
    with three_doors(tmp_path / "house") as doors:
        folder = tmp_path / "eye"
        connection = connection_of(doors, doors.papers(folder, "eye-01"))
        assert "ok    sign-in: accepted" in doctor_says(doors, folder)
        with opened_outbox(folder / "data" / OUTBOX_NAME):
            connection.start()
            awaited(connection, Connected)
            assert "ok    sign-in: not tried: the agent runs" in doctor_says(doors, folder)
        assert connection.is_connected
        assert connection.happenings.empty()
        connection.stop(None)


def test_papers_that_are_missing_are_named(tmp_path: Path) -> None:
    """Before anything is called."""
    with three_doors(tmp_path / "house") as doors:
        papers = doors.papers(tmp_path / "eye", "eye-01")
        for missing in ("authority", "certificate"):
            wrong = replace(papers, **{missing: tmp_path / "nowhere"})
            with pytest.raises(ConfigError, match=f"{missing}_file .*nowhere"):
                connection_of(doors, wrong)
