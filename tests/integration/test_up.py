"""A whole house on this machine, brought up and taken down by the command that people type."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

from central.config import EXAMPLE, load
from central.fleet.secret_files import write_secret
from tests.parts.ports import eventually, free_port

TALLYHOUSE = Path(sys.executable).with_name("tallyhouse")


@dataclass(frozen=True)
class House:
    """A data folder with ports of its own, so that tests and other houses on this machine do not meet."""

    data: Path

    @property
    def config(self) -> Path:
        return self.data / "tallyhouse.toml"

    @contextmanager
    def up(self, *wishes: str) -> Iterator[subprocess.Popen[str]]:
        """The running command."""
        call: list[str | Path] = [TALLYHOUSE, "up", "--data", self.data, *wishes]
        with subprocess.Popen(call, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
            try:
                yield process
            finally:
                process.terminate()
                process.communicate(timeout=60)

    def says(self, *words: str | Path) -> str:
        """What another command on this house prints."""
        call = [TALLYHOUSE, *words, "--config", self.config]
        return subprocess.run(call, capture_output=True, text=True, check=True, timeout=60).stdout

    def fails(self, *words: str | Path) -> str:
        """What a command complains of that is bound to fail."""
        ended = subprocess.run([TALLYHOUSE, *words], capture_output=True, text=True, check=False, timeout=60)
        assert ended.returncode == 1
        return ended.stderr

    def programs(self) -> list[bytes]:
        """Command lines of what still runs on this folder."""
        lines = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                lines.append((process / "cmdline").read_bytes())
            except OSError:
                continue
        return [line for line in lines if str(self.data).encode() in line]


@pytest.fixture
def house(tmp_path: Path) -> House:
    console, mqtt = free_port(), free_port()
    place = House(tmp_path / "var")
    text = EXAMPLE.replace("port = 8400", f"port = {console}").replace("port = 18883", f"port = {mqtt}")
    write_secret(place.config, text.encode())
    return place


def link_of(process: subprocess.Popen[str]) -> str:
    """The one address that `up` prints."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise AssertionError("no address was printed")


@pytest.mark.slow
def test_a_demo_loses_nothing_and_leaves_nothing_running(house: House, tmp_path: Path) -> None:
    """Frames and readings become rows; the ledgers of both sides agree; every program ends and every secret is private."""
    report_file = tmp_path / "report.json"
    with house.up("--seconds", "25", "--report", str(report_file)) as process:
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    report = json.loads(report_file.read_text())
    assert (report["lost"], report["applied_twice"]) == (0, 0)
    assert report["events_landed"] == report["events_created"] == sum(report["by_kind"].values()) >= 12, report
    assert report["decisions"] >= 1
    assert report["latency_ms"]["p50"] <= report["latency_ms"]["p95"]
    assert not house.programs()
    private = [
        file for folder in ("secrets", "broker", "agents") for file in (house.data / folder).rglob("*") if file.is_file()
    ]
    kept = {file.name for file in private if file.stat().st_mode & 0o077}
    assert not {name for name in kept if name.endswith((".key", ".password", ".toml", ".token"))}


@pytest.mark.slow
def test_an_empty_house_opens_moves_off_a_taken_port_and_stays_there(house: House) -> None:
    """The second start finds its data and its ports again; the link lets in once; SIGTERM ends all."""
    wanted = load(house.config, {}).console.port
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", wanted))
        squatter.listen()
        with house.up("--empty") as process:
            first = link_of(process)
            with urlopen(first, timeout=10) as page:  # noqa: S310 (the address that was printed)
                assert page.status == 200
            assert f"another `tallyhouse up` runs on {house.data}" in house.fails("up", "--data", house.data)
            house.says("device", "add", "cam-07", "--out", house.data / "cam-07")
        assert process.returncode == 0
    moved = load(house.config, {}).console.port
    assert moved != wanted
    assert f":{moved}/sign-in/link/" in first
    with house.up("--empty", "--seconds", "1") as process:
        assert link_of(process) != first
        process.communicate(timeout=30)
    assert load(house.config, {}).console.port == moved
    assert [row["device"] for row in json.loads(house.says("device", "list", "--json"))] == ["cam-07"]
    eventually(lambda: not house.programs(), what="the end of all programs")


def test_a_process_refuses_an_old_schema(house: House) -> None:
    """The error names the database and the remedy, and is the command's exit code."""
    refused = house.fails("ingest", "--config", house.config)
    assert f"{house.data / 'tallyhouse.db'} has schema none" in refused
    assert "run: tallyhouse migrate" in refused


def test_a_folder_that_cannot_be_made_and_a_database_that_is_none_are_named(house: House) -> None:
    """A line with the path, no traceback."""
    assert "tallyhouse: /dev/null/var: Not a directory" in house.fails("up", "--data", "/dev/null/var")
    (house.data / "tallyhouse.db").mkdir()
    told = house.fails("migrate", "--config", house.config)
    assert told.startswith("tallyhouse: database: unable to open database file")
