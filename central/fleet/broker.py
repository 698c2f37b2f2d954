"""The broker's own folder: its generated configuration, who may sign in, and what each may say and hear.

Written for mosquitto 2.0 (docs: mosquitto.conf(5)). Devices share two patterns of the access list, so a new one needs a
line in the password file only, or a certificate. Passwords are kept as `mosquitto_passwd` does: PBKDF2-SHA512.

Without TLS there is one door, on loopback, for everybody. With TLS there are three, each with its own lists: the centre's
on loopback; the devices', which takes certificates; the programs', which takes passwords. At the latter two the client id is
the user name: a chosen one could throw another's session out.
"""

import os
import shutil
import signal
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import pbkdf2_hmac
from pathlib import Path
from typing import Literal

from central.errors import BrokerError
from central.fleet.authority import Authority
from central.fleet.secret_files import write_secret
from protocols.topics import CENTRAL_STATE, ROOT

PROJECT = Path(__file__).parents[2]
PBKDF2_ITERATIONS = 101  # mosquitto's own default: these passwords are 128 random bits
SALT_BYTES = 12
MAX_INFLIGHT_MESSAGES = 20  # told to clients as the receive maximum
MAX_PACKET_BYTES = 200_000
PROGRAM_PREFIX = "out."
Door = Literal["centre", "devices", "programs"]


# A device has its own branch whatever its client id.
DEVICE_ACCESS = f"""pattern write {ROOT}/edge/+/%u/up/#
pattern read {ROOT}/edge/+/%u/down/#
pattern read {CENTRAL_STATE}
"""


@dataclass(frozen=True)
class BrokerFolder:
    """Where one broker keeps its files."""

    path: Path

    @property
    def config(self) -> Path:
        """What mosquitto is started with."""
        return self.path / "mosquitto.conf"

    @property
    def passwords(self) -> Path:
        """One `user:hash` a line."""
        return self.path / "passwords"

    @property
    def access(self) -> Path:
        """The access list."""
        return self.path / "access"

    def passwords_at(self, door: Door) -> Path:
        """Of those who may sign in at one door of a house with TLS."""
        return self.path / f"passwords.{door}"

    def access_at(self, door: Door) -> Path:
        """The access list of one door of a house with TLS."""
        return self.path / f"access.{door}"

    @property
    def pid(self) -> Path:
        """Written by mosquitto while it runs."""
        return self.path / "mosquitto.pid"


@dataclass(frozen=True)
class Listener:
    """A program that hears what is announced at one site. The dot keeps its user name apart from every device's."""

    program: str
    site: str

    @property
    def user(self) -> str:
        """What it signs in with."""
        return f"{PROGRAM_PREFIX}{self.program}"


def mosquitto_binary(project: Path = PROJECT) -> Path:
    """mosquitto of the machine, else the one unpacked into the project. Raises BrokerError."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found:
        return Path(found)
    if (own := project / ".broker" / "mosquitto").exists():
        return own
    raise BrokerError(
        "mosquitto was not found on PATH, in /usr/sbin or in .broker: run `scripts/up`, or apt install mosquitto"
    )


@dataclass(frozen=True)
class TlsDoors:
    """The two doors that speak TLS, and whose certificates they show and believe."""

    host: str
    device_port: int
    program_port: int
    authority: Authority


def write_broker(folder: BrokerFolder, *, host: str, port: int, as_root: bool, tls: TlsDoors | None = None) -> None:
    """Write the configuration; sign-ins that the password file already holds stay. `write_access` goes with it."""
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_passwords(folder, folder.passwords.read_text().splitlines() if folder.passwords.exists() else [])
    write_secret(folder.config, broker_config(folder, host=host, port=port, as_root=as_root, tls=tls).encode())


def write_access(folder: BrokerFolder, centre: str, listeners: Iterable[Listener]) -> None:
    """Write who may say and hear what, and who comes in at the centre's door; a running broker learns it by `reload`."""
    programs = list(listeners)
    known = folder.passwords.read_text().splitlines() if folder.passwords.exists() else []
    _write_lines(folder.passwords_at("centre"), [line for line in known if line.startswith(f"{centre}:")])
    write_secret(folder.access, access_list(centre, programs).encode())
    write_secret(folder.access_at("centre"), centre_access(centre).encode())
    write_secret(folder.access_at("devices"), DEVICE_ACCESS.encode())
    write_secret(folder.access_at("programs"), program_access(programs).encode())


def broker_config(folder: BrokerFolder, *, host: str, port: int, as_root: bool, tls: TlsDoors | None = None) -> str:
    """mosquitto.conf: nothing is persisted and nothing dropped, since the outboxes and the store keep the facts."""
    # Started as root mosquitto would become the user `mosquitto`, who cannot read files of mode 0600.
    user = "user root\n" if as_root else ""
    doors = _only_door(folder, host, port) if tls is None else _three_doors(folder, host, port, tls)
    return f"""{user}per_listener_settings {"false" if tls is None else "true"}
pid_file {folder.pid.resolve()}
persistence false
max_inflight_messages {MAX_INFLIGHT_MESSAGES}
max_queued_messages 0
max_packet_size {MAX_PACKET_BYTES}
set_tcp_nodelay true
log_dest stderr
log_type error
log_type warning
log_type notice
{doors}"""


def _only_door(folder: BrokerFolder, host: str, port: int) -> str:
    return f"""
listener {port} {host}
allow_anonymous false
password_file {folder.passwords.resolve()}
acl_file {folder.access.resolve()}
"""


def _three_doors(folder: BrokerFolder, host: str, port: int, tls: TlsDoors) -> str:
    files = tls.authority
    shown = f"""cafile {files.certificate_file.resolve()}
certfile {files.server_certificate_file.resolve()}
keyfile {files.server_key_file.resolve()}
tls_version tlsv1.2
use_username_as_clientid true
allow_anonymous false"""
    return f"""
listener {port} {host}
allow_anonymous false
password_file {folder.passwords_at("centre").resolve()}
acl_file {folder.access_at("centre").resolve()}

listener {tls.device_port} {tls.host}
{shown}
require_certificate true
use_identity_as_username true
crlfile {files.revocation_file.resolve()}
acl_file {folder.access_at("devices").resolve()}

listener {tls.program_port} {tls.host}
{shown}
password_file {folder.passwords_at("programs").resolve()}
acl_file {folder.access_at("programs").resolve()}
"""


def access_list(centre: str, listeners: Iterable[Listener]) -> str:
    """The centre says and hears everything, a program hears its site, a device has its own branch whatever its client id."""
    return f"{centre_access(centre)}\n{program_access(listeners)}{DEVICE_ACCESS}"


def centre_access(centre: str) -> str:
    """The centre says and hears everything."""
    return f"user {centre}\ntopic readwrite {ROOT}/#\n"


def program_access(listeners: Iterable[Listener]) -> str:
    """A program hears its site."""
    return "".join(f"user {one.user}\ntopic read {ROOT}/out/{one.site}/#\ntopic read {ROOT}/meta/#\n\n" for one in listeners)


def set_password(folder: BrokerFolder, user: str, password: str, salt: bytes | None = None) -> None:
    """Let `user` sign in with `password`, and with no other; a running broker learns it by `reload`."""
    salt = salt or os.urandom(SALT_BYTES)
    digest = pbkdf2_hmac("sha512", password.encode(), salt, PBKDF2_ITERATIONS)
    entry = f"{user}:$7${PBKDF2_ITERATIONS}${b64encode(salt).decode()}${b64encode(digest).decode()}"
    _write_passwords(folder, [*_others(folder, user), entry])


def remove_password(folder: BrokerFolder, user: str) -> None:
    """`user` may not sign in any more."""
    _write_passwords(folder, _others(folder, user))


def has_password(folder: BrokerFolder, user: str) -> bool:
    """Whether `user` may sign in with a password."""
    return folder.passwords.exists() and _others(folder, user) != folder.passwords.read_text().splitlines()


def reload(folder: BrokerFolder) -> bool:
    """Make a running broker read its passwords again; False when none runs on this folder."""
    try:
        number = int(folder.pid.read_text())
        started_with = Path(f"/proc/{number}/cmdline").read_bytes()
        if str(folder.config.resolve()).encode() not in started_with.split(b"\0"):
            return False
        os.kill(number, signal.SIGHUP)
    except (OSError, ValueError):
        return False
    return True


def _write_passwords(folder: BrokerFolder, lines: Sequence[str]) -> None:
    """The whole list, and what of it counts at the programs' door."""
    _write_lines(folder.passwords, lines)
    _write_lines(folder.passwords_at("programs"), [line for line in lines if line.startswith(PROGRAM_PREFIX)])


def _write_lines(file: Path, lines: Sequence[str]) -> None:
    write_secret(file, "".join(f"{line}\n" for line in lines).encode())


def _others(folder: BrokerFolder, user: str) -> list[str]:
    lines = folder.passwords.read_text().splitlines() if folder.passwords.exists() else []
    return [line for line in lines if not line.startswith(f"{user}:")]
