"""The broker's own folder: its generated configuration, who may sign in, and what each may say and hear.

Written for mosquitto 2.0 (docs: mosquitto.conf(5)). Devices share two patterns of the access list, so a new one needs a
line in the password file only. Passwords are kept as PBKDF2-SHA512, the form that `mosquitto_passwd` writes.
"""

import os
import shutil
import signal
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import pbkdf2_hmac
from pathlib import Path

from central.errors import BrokerError
from central.fleet.secret_files import write_secret
from protocols.topics import CENTRAL_STATE, ROOT

PROJECT = Path(__file__).parents[2]
PBKDF2_ITERATIONS = 101  # mosquitto's own default: these passwords are 128 random bits
SALT_BYTES = 12
MAX_INFLIGHT_MESSAGES = 20  # told to clients as the receive maximum
MAX_PACKET_BYTES = 200_000


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
        return f"out.{self.program}"


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


def write_broker(folder: BrokerFolder, *, host: str, port: int, as_root: bool) -> None:
    """Write the configuration; sign-ins that the password file already holds stay. `write_access` goes with it."""
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_secret(folder.passwords, folder.passwords.read_bytes() if folder.passwords.exists() else b"")
    write_secret(folder.config, broker_config(folder, host=host, port=port, as_root=as_root).encode())


def write_access(folder: BrokerFolder, centre: str, listeners: Iterable[Listener]) -> None:
    """Write who may say and hear what; a running broker learns it by `reload`."""
    write_secret(folder.access, access_list(centre, listeners).encode())


def broker_config(folder: BrokerFolder, *, host: str, port: int, as_root: bool) -> str:
    """mosquitto.conf: nothing is persisted and nothing dropped, since the outboxes and the store keep the facts."""
    # Started as root mosquitto would become the user `mosquitto`, who cannot read files of mode 0600.
    user = "user root\n" if as_root else ""
    return f"""{user}per_listener_settings false
listener {port} {host}
allow_anonymous false
password_file {folder.passwords.resolve()}
acl_file {folder.access.resolve()}
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
"""


def access_list(centre: str, listeners: Iterable[Listener]) -> str:
    """The centre says and hears everything, a program hears its site, a device has its own branch whatever its client id."""
    programs = "".join(
        f"user {one.user}\ntopic read {ROOT}/out/{one.site}/#\ntopic read {ROOT}/meta/#\n\n" for one in listeners
    )
    return f"""user {centre}
topic readwrite {ROOT}/#

{programs}pattern write {ROOT}/edge/+/%u/up/#
pattern read {ROOT}/edge/+/%u/down/#
pattern read {CENTRAL_STATE}
"""


def set_password(folder: BrokerFolder, user: str, password: str, salt: bytes | None = None) -> None:
    """Let `user` sign in with `password`, and with no other; a running broker learns it by `reload`."""
    salt = salt or os.urandom(SALT_BYTES)
    digest = pbkdf2_hmac("sha512", password.encode(), salt, PBKDF2_ITERATIONS)
    entry = f"{user}:$7${PBKDF2_ITERATIONS}${b64encode(salt).decode()}${b64encode(digest).decode()}"
    write_secret(folder.passwords, "".join(f"{line}\n" for line in [*_others(folder, user), entry]).encode())


def remove_password(folder: BrokerFolder, user: str) -> None:
    """`user` may not sign in any more."""
    write_secret(folder.passwords, "".join(f"{line}\n" for line in _others(folder, user)).encode())


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


def _others(folder: BrokerFolder, user: str) -> list[str]:
    lines = folder.passwords.read_text().splitlines() if folder.passwords.exists() else []
    return [line for line in lines if not line.startswith(f"{user}:")]
