"""The agent as a service: what systemd hears of a real one, and what systemd says of its unit."""

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.integration.edge_parts import EDGE, Keys, device_file
from tests.parts.ports import eventually

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "scripts" / "edge" / "tallyhouse-edge.service"


def test_systemd_hears_that_the_agent_is_ready_alive_and_stopping(tmp_path: Path) -> None:
    """Without a broker too: being offline is no reason to be started again."""
    config = device_file(tmp_path, Keys(), 9, "ear-02")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        heard: list[str] = []
        told = os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "900000"}
        with subprocess.Popen([*EDGE, "run", "--config", str(config)], env=told, stderr=subprocess.DEVNULL) as agent:
            eventually(lambda: words(manager, heard).count("WATCHDOG=1") >= 2, what="two feeds of the watchdog")
            agent.send_signal(signal.SIGTERM)
            assert agent.wait(timeout=20) == 0
        assert words(manager, heard)[0] == "READY=1"
        assert heard[-1] == "STOPPING=1"
        assert any(word.startswith("STATUS=0 sources, 0 events wait") or "broker" in word for word in heard)


def words(manager: socket.socket, heard: list[str]) -> list[str]:
    """Everything heard so far."""
    while True:
        try:
            heard.append(manager.recv(400).decode())
        except BlockingIOError:
            return heard


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    """Only that the program is not where the install script puts it, which is so on this machine."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/tallyhouse/bin/tallyhouse-edge", shutil.which("true") or "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if UNIT.name in line] == []
    assert done.returncode == 0


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_unit_is_sandboxed() -> None:
    """By systemd's own measure: 10 is open, 2 is the most we accept."""
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr
