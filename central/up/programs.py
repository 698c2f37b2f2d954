"""The programs of a house: how each is called, and how it is known to be ready."""

import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from central.config import CentralConfig
from central.demo.agents import Simulated
from central.errors import ConfigError
from central.fleet.authority import Authority
from central.fleet.broker import mosquitto_binary
from central.up.children import Program
from central.up.folder import HouseFolder, some_port

SERVERS = ("background", "ingest", "serve")
LOOPBACK = "127.0.0.1"
PROBE_TIMEOUT_S = 0.5


class _Modbus(msgspec.Struct):
    host: str
    port: int


class _Ready(msgspec.Struct):
    modbus: _Modbus
    cameras: dict[str, str]


def broker(folder: HouseFolder, config: CentralConfig) -> Program:
    """mosquitto on the house's own configuration. Raises BrokerError."""
    command = (mosquitto_binary(), "-c", folder.broker.config.resolve())
    return Program("broker", command, lambda: _answers(config.broker.host, config.broker.port))


def servers(folder: HouseFolder, config: CentralConfig) -> list[Program]:
    """The three processes of the centre; only `serve` is waited for."""
    ready = {"serve": lambda: _answers(config.console.host, config.console.port)}
    calls = {name: (_installed("tallyhouse"), name, "--config", folder.config_file) for name in SERVERS}
    return [Program(name, call, ready.get(name, lambda: True)) for name, call in calls.items()]


def simulator(folder: HouseFolder, config: CentralConfig, scene: str, speed: float) -> Program:
    """The fake hardware and its till, on ports that stay the same when it must be started again.

    Its old ready file is removed, so that a new one means: ready.
    """
    folder.simulator_ready_file.unlink(missing_ok=True)
    modbus, cameras = some_port(LOOPBACK), some_port(LOOPBACK)
    command: Sequence[str | Path] = (
        _installed("tallyhouse-sim"), "up", "--scene", scene, "--host", LOOPBACK,
        "--modbus-port", str(modbus), "--camera-port", str(cameras),
        "--api-url", config.console_url, "--api-token-file", folder.till_token_file,
        "--ready-file", folder.simulator_ready_file, "--state", folder.simulator_state_file, "--speed", str(speed),
    )  # fmt: skip
    return Program("simulator", (*_believing(config), *command), folder.simulator_ready_file.exists)


def _believing(config: CentralConfig) -> tuple[str, ...]:
    """What makes a program take the console's certificate, where it is of the house's own authority (see OpenSSL)."""
    file = Authority(config.tls_folder).certificate_file.resolve()
    return ("/usr/bin/env", f"SSL_CERT_FILE={file}") if config.console.tls else ()


def agent(folder: HouseFolder, device: str) -> Program:
    """One edge agent."""
    return Program(device, (_installed("tallyhouse-edge"), "run", "--config", folder.agent(device) / "agent.toml"))


def enrolment(folder: HouseFolder, device: str, link: str) -> tuple[str | Path, ...]:
    """The call by which an agent makes itself known with the link of its claim."""
    return (_installed("tallyhouse-edge"), "enrol", "--server", link, "--out", folder.agent(device), "--replace")


def simulated(folder: HouseFolder, device_ids: Mapping[str, int]) -> Simulated:
    """Where the doors of the running simulator are."""
    ready = msgspec.json.decode(folder.simulator_ready_file.read_bytes(), type=_Ready)
    return Simulated(ready.cameras, ready.modbus.host, ready.modbus.port, device_ids)


def _installed(name: str) -> Path:
    program = Path(sys.executable).with_name(name)
    if not program.exists():
        raise ConfigError(f"{program} is not installed; install this project with the extras edge, central and sim")
    return program


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=PROBE_TIMEOUT_S).close()
    except OSError:
        return False
    return True
