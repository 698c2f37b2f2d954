"""A device on the centre's own machine becomes known: its key is made here, with a password or, where the house has TLS,
a certificate, and laid beside the TOML of its agent. Devices elsewhere make their own key: see `admission.py`.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from central.errors import DeviceError
from central.fleet import broker, issuing
from central.fleet.agent_file import WITH_CERTIFICATE, Duties, Papers, agent_text
from central.fleet.gate import Gate
from central.fleet.secret_files import write_secret
from central.store import catalogue, devices, identities
from protocols.errors import BadIdentifier, BadSignature
from protocols.identity import checked_name
from protocols.signing import PrivateKey, PublicKey, new_key, private_key, private_pem, public_text

PASSWORD_BYTES = 24
CENTRE = "central"  # its client ids begin so: a device of that name could throw it out


@dataclass(frozen=True)
class Newcomer:
    """The device to be: its folder `out` receives agent.toml, the key and the password."""

    device: str
    site: str
    label: str
    out: Path

    @property
    def agent_file(self) -> Path:
        """What `tallyhouse-edge run --config` takes."""
        return self.out / "agent.toml"


def refuse_taken(conn: Connection, newcomer: Newcomer) -> None:
    """Raises DeviceError when the name breaks the grammar or is taken, the site is unknown or the folder in use."""
    refuse_name(conn, newcomer.device, newcomer.site)
    if newcomer.agent_file.exists():
        raise DeviceError(f"{newcomer.agent_file} exists already; give --out another folder")


def refuse_name(conn: Connection, device: str, site: str) -> None:
    """Raises DeviceError when the name breaks the grammar, is the centre's own or taken, or the site is unknown."""
    try:
        checked_name(device, "device")
    except BadIdentifier as error:
        raise DeviceError(str(error)) from error
    if device == CENTRE or device.startswith(f"{CENTRE}-"):
        raise DeviceError(f"device {device}: names that begin with {CENTRE!r} are the centre's own; choose another name")
    if devices.get(conn, device):
        raise DeviceError(f"device {device} exists already; choose another name (`tallyhouse device list` shows them)")
    sites = [site.site for site in catalogue.all_of(conn, catalogue.Site)]
    if sites and site not in sites:
        raise DeviceError(f"site {site!r} is unknown; --site takes one of {', '.join(sites)}")


def enrol(conn: Connection, newcomer: Newcomer, gate: Gate, now: datetime, duties: Duties) -> None:
    """Make or find the device's key and its password or certificate, let it in, write its agent.toml.

    Doing it again changes nothing but the duties. Raises DeviceError when the name is on record with another key.
    """
    papers = _papers(newcomer, gate)
    key = _key(newcomer.out / papers.key)
    known = devices.get(conn, newcomer.device)
    if known is None:
        devices.add(conn, devices.Device(newcomer.device, newcomer.site, newcomer.label, public_text(key), now))
    elif known.public_key != public_text(key):
        raise DeviceError(
            f"device {newcomer.device} is on record with another key than {newcomer.out / papers.key}; choose another name"
        )
    _let_in(conn, newcomer, gate, papers, key.public_key(), now)
    text = agent_text(site=newcomer.site, device=newcomer.device, centre=gate.centre(), duties=duties, papers=papers)
    write_secret(newcomer.agent_file, text.encode())


def _papers(newcomer: Newcomer, gate: Gate) -> Papers:
    if gate.has_tls:
        return WITH_CERTIFICATE
    is_of_tls = (newcomer.out / WITH_CERTIFICATE.key).exists()  # of a time when this house had TLS: it is the key on record
    key = WITH_CERTIFICATE.key if is_of_tls else f"{newcomer.device}.key"
    return Papers(key=key, password=f"{newcomer.device}.password")


def _let_in(conn: Connection, newcomer: Newcomer, gate: Gate, papers: Papers, key: PublicKey, now: datetime) -> None:
    if papers.password is not None:
        password_file = newcomer.out / papers.password
        if not password_file.exists():
            write_secret(password_file, secrets.token_urlsafe(PASSWORD_BYTES).encode())
        broker.set_password(gate.broker, newcomer.device, password_file.read_text())
        identities.revoke_certificates(conn, newcomer.device, now)  # of a time when this house had TLS
    elif papers.certificate is not None and papers.authority is not None:
        write_secret(newcomer.out / papers.authority, gate.authority.certificate_text().encode())
        certificate_file = newcomer.out / papers.certificate
        if not certificate_file.exists():
            write_secret(certificate_file, issuing.issue(conn, gate, newcomer.device, key, now).encode())


def _key(key_file: Path) -> PrivateKey:
    if not key_file.exists():
        write_secret(key_file, private_pem(new_key()))
    try:
        return private_key(key_file.read_bytes())
    except BadSignature as error:
        raise DeviceError(f"{key_file}: {error}; remove the file and choose another device name") from error
