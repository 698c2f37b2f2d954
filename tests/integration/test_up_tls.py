"""The demo with TLS at every door: its agents enrol themselves, and nothing is lost on the way."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from central.config import EXAMPLE
from central.fleet.secret_files import write_secret
from tests.parts.ports import free_port

TALLYHOUSE = Path(sys.executable).with_name("tallyhouse")


@pytest.mark.slow
def test_a_demo_with_tls_loses_nothing(tmp_path: Path) -> None:
    """Each agent has a certificate of the key that it made, no password; the till believes the console; all events land."""
    data, report_file, text = tmp_path / "var", tmp_path / "report.json", EXAMPLE
    text = text.replace("port = 8400\ntls = false", "port = 8400\ntls = true")
    for port in ("port = 8400", "port = 18883", "device_port = 18884", "program_port = 18885"):
        text = text.replace(f"\n{port}", f"\n{port.split(' ', maxsplit=1)[0]} = {free_port()}")
    write_secret(data / "tallyhouse.toml", text.encode())
    call: list[str | Path] = [TALLYHOUSE, "up", "--data", data, "--tls", "--seconds", "20", "--report", report_file]
    said = subprocess.run(call, capture_output=True, text=True, check=False, timeout=170)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "ready, open: https://" in said.stdout
    report = json.loads(report_file.read_text())
    assert (report["lost"], report["applied_twice"]) == (0, 0)
    assert report["events_landed"] >= 1, report
    for agent in ("eye-01", "ear-01"):
        files = {file.name for file in (data / "agents" / agent).iterdir()}
        assert files >= {"agent.toml", "device.key", "device.crt", "authority.crt"}
        assert not {name for name in files if name.endswith(".password")}
    listed: list[str | Path] = [TALLYHOUSE, "device", "list", "--json", "--config", data / "tallyhouse.toml"]
    rows = json.loads(subprocess.run(listed, capture_output=True, text=True, check=True, timeout=60).stdout)
    assert {row["certificate_days_left"] for row in rows} == {364}
    assert "CERTIFICATE_VERIFY_FAILED" not in (data / "logs" / "simulator.log").read_text()
