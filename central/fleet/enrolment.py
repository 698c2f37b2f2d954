"""A device becomes known: its key and password are made here and laid beside the TOML of its agent.

Done on the centre's own machine only; claim codes and certificates for devices elsewhere are later work.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from central.errors import DeviceError
from central.fleet import broker
from central.fleet.agent_file import Centre, Duties, agent_text
from central.fleet.broker import BrokerFolder
from central.fleet.secret_files import write_secret
from central.store import catalogue, devices
from protocols.errors import BadIdentifier, BadSignature
from protocols.identity import checked_name
from protocols.signing import new_key, private_key, private_pem, public_text

PASSWORD_BYTES = 24


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
    try:
        checked_name(newcomer.device, "device")
    except BadIdentifier as error:
        raise DeviceError(str(error)) from error
    if devices.get(conn, newcomer.device):
        raise DeviceError(
            f"device {newcomer.device} exists already; choose another name (`tallyhouse device list` shows them)"
        )
    sites = [site.site for site in catalogue.all_of(conn, catalogue.Site)]
    if sites and newcomer.site not in sites:
        raise DeviceError(f"site {newcomer.site!r} is unknown; --site takes one of {', '.join(sites)}")
    if newcomer.agent_file.exists():
        raise DeviceError(f"{newcomer.agent_file} exists already; give --out another folder")


def enrol(conn: Connection, newcomer: Newcomer, folder: BrokerFolder, centre: Centre, now: datetime, duties: Duties) -> None:
    """Make or find the device's key and password, let it in, write its agent.toml. Doing it again changes nothing.

    Raises DeviceError when the name is on record with another key.
    """
    key_file, password_file = (newcomer.out / f"{newcomer.device}.{kind}" for kind in ("key", "password"))
    public_key = _public_key(key_file)
    known = devices.get(conn, newcomer.device)
    if known is None:
        devices.add(conn, devices.Device(newcomer.device, newcomer.site, newcomer.label, public_key, now))
    elif known.public_key != public_key:
        raise DeviceError(f"device {newcomer.device} is on record with another key than {key_file}; choose another name")
    if not password_file.exists():
        write_secret(password_file, secrets.token_urlsafe(PASSWORD_BYTES).encode())
    broker.set_password(folder, newcomer.device, password_file.read_text())
    text = agent_text(
        site=newcomer.site,
        device=newcomer.device,
        centre=centre,
        duties=duties,
        key_file=key_file,
        password_file=password_file,
    )
    write_secret(newcomer.agent_file, text.encode())


def _public_key(key_file: Path) -> str:
    if not key_file.exists():
        write_secret(key_file, private_pem(new_key()))
    try:
        return public_text(private_key(key_file.read_bytes()))
    except BadSignature as error:
        raise DeviceError(f"{key_file}: {error}; remove the file and choose another device name") from error
