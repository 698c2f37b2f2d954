"""The data folder of a house that `up` runs: what lies where, its secrets, and the ports it remembers."""

import fcntl
import os
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from central.config import EXAMPLE, CentralConfig, load
from central.errors import PortTaken, Refused
from central.fleet import authority, broker
from central.fleet.authority import Authority
from central.fleet.broker import BrokerFolder, TlsDoors
from central.fleet.secret_files import write_secret
from central.runtime import system_now
from protocols.signing import new_key, private_pem

SECRET_BYTES = 32
PORTS_TRIED = 100
Setting = tuple[str, str]  # section and key of tallyhouse.toml
WORDS_FOR_PORTS: Mapping[Setting, str] = MappingProxyType(
    {
        ("console", "port"): "console",
        ("broker", "port"): "broker",
        ("broker", "device_port"): "broker's door for devices",
        ("broker", "program_port"): "broker's door for programs",
    }
)


@dataclass(frozen=True)
class HouseFolder:
    """One house's data."""

    path: Path

    @property
    def config_file(self) -> Path:
        """What `tallyhouse serve --config` takes."""
        return self.path / "tallyhouse.toml"

    @property
    def logs(self) -> Path:
        """One file a program."""
        return self.path / "logs"

    @property
    def broker(self) -> BrokerFolder:
        """The broker's configuration, passwords and access list."""
        return BrokerFolder(self.path / "broker")

    @property
    def till_token_file(self) -> Path:
        """The bearer token of the simulated till."""
        return self.path / "secrets" / "till.token"

    @property
    def simulator_ready_file(self) -> Path:
        """The simulator's addresses, once its doors are open."""
        return self.path / "simulator.json"

    @property
    def simulator_state_file(self) -> Path:
        """What stands on the simulated shelves between two runs."""
        return self.path / "simulator-state.json"

    def agent(self, device: str) -> Path:
        """The folder of one agent."""
        return self.path / "agents" / device


@contextmanager
def held(folder: HouseFolder) -> Iterator[None]:
    """Nobody else may run `up` on this folder meanwhile. Raises Refused."""
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder.path / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refused(
                f"another `tallyhouse up` runs on {folder.path}; stop it, or give --data another folder"
            ) from error
        yield


def prepared(folder: HouseFolder, say: Callable[[str], None], *, wants_tls: bool = False) -> CentralConfig:
    """Make what is missing (folders, secrets, configuration, broker files) and move to free ports; says which.

    wants_tls: from now on this house has TLS.
    """
    folder.logs.mkdir(parents=True, exist_ok=True)
    if not folder.config_file.exists():
        write_secret(folder.config_file, EXAMPLE.encode())
    if wants_tls:
        _remember(folder.config_file, {("broker", "tls"): "true"})
    config = _on_free_ports(folder, load(folder.config_file), say)
    _ensure(config.secret_key_file, lambda: secrets.token_hex(SECRET_BYTES).encode())
    _ensure(config.signing_key_file, lambda: private_pem(new_key()))
    _ensure(config.broker.password_file, lambda: secrets.token_urlsafe(SECRET_BYTES).encode())
    broker.write_broker(
        folder.broker,
        host=config.broker.host,
        port=config.broker.port,
        as_root=os.geteuid() == 0,
        tls=_tls_doors(config, say),
    )
    broker.set_password(folder.broker, config.broker.user, config.broker.password_file.read_text())
    return config


def free_port(what: str, host: str, wanted: int) -> int:
    """`wanted`, or the next port above it that nobody holds. Raises PortTaken."""
    for port in range(wanted, min(wanted + PORTS_TRIED, 65536)):
        if _is_free(host, port):
            return port
    raise PortTaken(f"{what}: no port of {host} from {wanted} on is free; set another one in tallyhouse.toml")


def some_port(host: str) -> int:
    """A port of `host` that nobody held a moment ago."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _tls_doors(config: CentralConfig, say: Callable[[str], None]) -> TlsDoors | None:
    if not (config.broker.tls or config.console.tls):
        return None
    held = Authority(config.tls_folder)
    if authority.init(held, config.broker.names, system_now()):
        say(f"certificates of this house: {held.path}, SHA-256 {held.fingerprint()}")
    if not config.broker.tls:
        return None
    return TlsDoors(config.broker.tls_host, config.broker.device_port, config.broker.program_port, held)


def _on_free_ports(folder: HouseFolder, config: CentralConfig, say: Callable[[str], None]) -> CentralConfig:
    wanted = {
        ("console", "port"): (config.console.host, config.console.port),
        ("broker", "port"): (config.broker.host, config.broker.port),
    }
    if config.broker.tls:
        wanted["broker", "device_port"] = config.broker.tls_host, config.broker.device_port
        wanted["broker", "program_port"] = config.broker.tls_host, config.broker.program_port
    moved: dict[Setting, str] = {}
    for setting, (host, old) in wanted.items():
        what = WORDS_FOR_PORTS[setting]
        new = free_port(what, host, old)
        if old != new:
            say(f"port {old} is taken: the {what} moves to {new}, and stays there")
            moved[setting] = str(new)
    if not moved:
        return config
    _remember(folder.config_file, moved)
    return load(folder.config_file)


def _remember(file: Path, values: Mapping[Setting, str]) -> None:
    """Change these lines, or add them to their section, and nothing else that a person may have written there."""
    section, lines, missing = "", [], dict(values)
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            lines += _left_in(section, missing)
            section = line.partition("#")[0].strip("[] \t")
        key = section, line.partition("=")[0].strip()
        lines.append(f"{key[1]} = {missing.pop(key)}" if key in missing else line)
    lines += _left_in(section, missing)
    for absent in sorted({absent for absent, _ in missing}):
        lines += [f"[{absent}]", *_left_in(absent, missing)]
    write_secret(file, "".join(f"{line}\n" for line in lines).encode())


def _left_in(section: str, missing: dict[Setting, str]) -> list[str]:
    left = [setting for setting in missing if setting[0] == section]
    return [f"{setting[1]} = {missing.pop(setting)}" for setting in left]


def _ensure(file: Path, make: Callable[[], bytes]) -> None:
    if not file.exists():
        write_secret(file, make())


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
