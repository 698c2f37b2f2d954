"""`tallyhouse release` as a person types it, on a house of one's own."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from central import runtime
from central.cli.main import app
from central.config import EXAMPLE, load
from central.errors import Refused
from central.store import devices, schema
from central.store.devices import Device
from protocols.signing import new_key, public_text
from tests.makers import NOON
from tests.parts.bundles import tiny

KEY = new_key()
BIRTH = {"state": "online", "boot": "b1", "started_at": "2026-11-24T08:00:00Z", "version": "t"}
TASKS = [{"kind": "shelf_count", "source": "cam-1"}]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A house that trusts one releaser, with one device."""
    file = tmp_path / "tallyhouse.toml"
    file.write_text(EXAMPLE.replace("release_keys = []", f'release_keys = ["{public_text(KEY)}"]'))
    loaded = load(file)
    with runtime.opened_engine(loaded) as engine:
        schema.upgrade(engine)
    with runtime.opened(loaded) as parts, parts.writing() as conn:
        devices.add(conn, Device("eye-01", "s1", "Eye", "key", NOON))
        devices.heard(conn, "eye-01", NOON, online=True, birth={**BIRTH, "tasks": TASKS})
    return file


def told(config: Path, *words: str) -> str:
    """What the command prints. Raises what it raises."""
    result = CliRunner().invoke(app, ["release", *words, "--config", str(config)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_a_release_is_added_rolled_out_stopped_and_taken_back(config: Path, tmp_path: Path) -> None:
    """Each step names the next one."""
    tiny(tmp_path / "shelf-2.0", KEY, "2.0")
    assert "release roll-out shelf-2.0" in told(config, "add", str(tmp_path / "shelf-2.0"))
    assert "shelf-2.0" in told(config, "list")
    assert "begins with eye-01" in told(config, "roll-out", "shelf-2.0")
    (shown,) = json.loads(told(config, "status", "1", "--json"))
    assert (shown["phase"], shown["stage"], shown["devices"], shown["gates"]) == ("measuring", "canary", 0, [])
    assert "measuring at stage canary" in told(config, "status")
    assert "roll-back 1" in told(config, "stop", "1")
    assert "taken back" in told(config, "roll-back", "1")
    assert "rolled_back" in told(config, "status", "1")


def test_a_bundle_of_a_stranger_is_not_added(config: Path, tmp_path: Path) -> None:
    """The remedy is named, nothing is kept."""
    tiny(tmp_path / "shelf-6.6", new_key(), "6.6")
    with pytest.raises(Refused, match="release_keys"):
        told(config, "add", str(tmp_path / "shelf-6.6"))
    assert told(config, "list") == ""
    assert not (tmp_path / "releases").exists()
