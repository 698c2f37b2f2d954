"""`tallyhouse-edge` as people and supervisors call it."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from edge_agent import config as configuration
from edge_agent.outbox.database import OUTBOX_NAME
from protocols.codec import decode
from protocols.messages.device import Birth
from tests.integration.edge_parts import EDGE, Keys, centre_for, device_file, entries, opened_outbox
from tests.makers import NOON
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually, free_port

A_TABLE = '[[source]]\nid = "a"\nkind = "csv"\npath = "x.csv"\n'
ANOMALY = "equipment_anomaly"


def called(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command to its end."""
    command = [*EDGE, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "command", [[], ["run"], ["doctor"], ["outbox"], ["config"], ["config", "example"], ["config", "check"]]
)
def test_every_command_explains_itself(command: list[str]) -> None:
    """With an example where there is something to type."""
    shown = called(*command, "--help")
    assert shown.returncode == 0
    assert command in ([], ["config"]) or "Example: tallyhouse-edge" in shown.stdout


def test_the_example_can_be_checked_once_its_keys_are_there(tmp_path: Path) -> None:
    """`config check` says what is still missing."""
    config = tmp_path / "ear-01.toml"
    config.write_text(called("config", "example").stdout)
    missing = called("config", "check", "--config", config)
    assert (missing.returncode, "key_file" in missing.stderr) == (2, True)
    good = device_file(tmp_path, Keys(), 18883, "ear-02")
    assert called("config", "check", "--config", good).returncode == 0


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ('[[source]]\nid = "a"\nkind = "camera"\n', "'a' of kind 'camera' needs 'url'"),
        ('[[source]]\nid = "a"\nkind = "modbus"\nhost = "h"\nprofile = "toaster"\n', "'a': no sensor profile 'toaster'"),
        (f'{A_TABLE}profile = "toaster"\n[[task]]\nkind = "{ANOMALY}"\nsource = "a"\n', "'a': profile: no sensor profile"),
        (f'{A_TABLE}[[task]]\nkind = "juggling"\nsource = "a"\n', "no task 'juggling' is built in; there are: defects"),
        (f'{A_TABLE}[[task]]\nkind = "{ANOMALY}"\nsource = "a"\nsettings = {{ learn_s = 1 }}\n', "`$.learn_s`"),
    ],
)
def test_a_mistake_in_sources_or_tasks_is_named_with_its_file_before_anything_runs(
    tmp_path: Path, parts: str, says: str
) -> None:
    """`config check` and `run` say the same, in one line with the file, the part and what may stand there."""
    (tmp_path / "x.csv").write_text("time,a\n2026-01-01 00:00:00,1\n")
    config = device_file(tmp_path, Keys(), 18883, "ear-02")
    config.write_text(config.read_text() + parts)
    for command in (["config", "check"], ["run"]):
        result = called(*command, "--config", config)
        last = result.stderr.splitlines()[-1]
        assert (result.returncode, last.startswith(f"error: {config}: "), says in last) == (2, True, True), result.stderr


def test_a_data_dir_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    """By `run` in one line, and by `doctor`, which looks at the rest all the same."""
    (tmp_path / "data").write_text("a file, where a folder should be")
    config = device_file(tmp_path, Keys(), free_port(), "ear-02")
    result = called("run", "--config", config)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert f"error: {tmp_path / 'data'}" in result.stderr
    assert "data_dir must be a folder" in result.stderr
    found = called("doctor", "--config", config).stdout
    assert f"WRONG disk: {tmp_path / 'data'}" in found
    assert "ok    keys" in found


def test_doctor_finds_nothing_wrong_with_a_device_that_is_well(broker: Mosquitto, tmp_path: Path) -> None:
    """Exit code 0, and each check as JSON for scripts."""
    keys = Keys()
    config = device_file(tmp_path, keys, broker.port, "ear-02")
    with centre_for(keys, broker.port, "ear-02").running():
        result = called("doctor", "--config", config, "--json")
    checks = {check["name"]: check["ok"] for check in json.loads(result.stdout)}
    assert result.returncode == 0, result.stdout
    assert {"clock", "disk", "outbox", "keys", "broker", "sign-in", "subscription", "centre"} <= set(checks)


def test_doctor_names_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    """No broker, no camera: the rest is looked at all the same."""
    camera = '\n[[source]]\nid = "cam-1"\nkind = "camera"\nurl = "http://127.0.0.1:9/cam.mjpg"\n'
    config = device_file(tmp_path, Keys(), free_port(), "eye-02")
    config.write_text(config.read_text() + camera)
    result = called("doctor", "--config", config)
    assert result.returncode == 1
    assert "WRONG broker: 127.0.0.1:" in result.stdout
    assert "WRONG source cam-1" in result.stdout
    assert "sign-in" not in result.stdout
    assert "→ is the centre up" in result.stdout
    assert "ok    keys" in result.stdout


def test_a_device_that_the_centre_does_not_know_is_told_so(broker: Mosquitto, tmp_path: Path) -> None:
    """The broker lets it in, but no signed twin comes: acknowledgements would not either."""
    result = called("doctor", "--config", device_file(tmp_path, Keys(), broker.port, "ear-03"))
    assert result.returncode == 1
    assert "WRONG subscription" in result.stdout
    assert "tallyhouse device add" in result.stdout


def test_the_outbox_is_shown_and_can_be_numbered_anew(tmp_path: Path) -> None:
    """As text for people, as JSON for scripts."""
    config = device_file(tmp_path, Keys(), 18883, "ear-02")
    assert called("outbox", "--config", config).returncode == 2
    with opened_outbox(tmp_path / "data" / OUTBOX_NAME) as (_, queue):
        queue.append(entries(1, 3), NOON)
    assert "waiting      3 events" in called("outbox", "--config", config).stdout
    moved = called("outbox", "--config", config, "--continue-after", "99")
    assert "3 waiting events were numbered anew" in moved.stdout
    moved_again = called("outbox", "--config", config, "--continue-after", "99", "--json")
    assert json.loads(moved_again.stdout) == {"next": 103, "numbered_anew": 3}
    view = json.loads(called("outbox", "--config", config, "--json").stdout)
    assert (view["count"], view["last_sequence"], view["acknowledged"]) == (3, 102, 99)


def test_an_agent_is_born_reports_health_and_stops_cleanly(broker: Mosquitto, tmp_path: Path) -> None:
    """Birth with its tasks; stdout stays empty; SIGTERM ends it with 0 and a farewell, although a source is missing."""
    keys = Keys()
    extra = "health_interval_s = 0.2"
    config = device_file(tmp_path, keys, broker.port, "ear-02", extra)
    config.write_text(
        config.read_text() + '[[source]]\nid = "gone"\nkind = "csv"\npath = "gone.csv"\n'
        '[[task]]\nkind = "equipment_anomaly"\nsource = "gone"\nsettings = { learn_s = 40 }\n'
    )
    centre = centre_for(keys, broker.port, "ear-02")
    with centre.running():
        command = [*EDGE, "run", "--config", str(config)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as agent:
            health = eventually(lambda: centre.health, what="health")[-1]
            agent.send_signal(signal.SIGTERM)
            out, logged = agent.communicate(timeout=20)
    birth = decode(centre.statuses[0], Birth)
    assert (agent.returncode, out) == (0, "")
    assert all(json.loads(line)["event"] for line in logged.splitlines())
    assert birth.tasks[0].kind == "equipment_anomaly"
    assert birth.tasks[0].model == "window-t2-pca-cusum/2"
    assert "properties" in json.dumps(birth.tasks[0].settings_schema)
    assert (health.sources[0].state, health.outbox.count) == ("lost", 0)
    assert "gone.csv" in (health.sources[0].message or "")
    assert (health.memory_mb or 0) < 90
    assert b'"stopped"' in centre.statuses[-1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--replay", "none"], "--replay and --task go together"),
        (["--task", "equipment_anomaly"], "--replay and --task go together"),
        (["--replay", "none", "--task", "equipment_anomaly"], "no such file or folder"),
        (["--replay", ".", "--task", "shelf_count"], "no picture"),
        (["--replay", ".", "--task", "juggling"], "there are: defects, equipment_anomaly, shelf_count"),
        (["--replay", ".", "--task", "defects", "--setting", "x"], "KEY=VALUE"),
    ],
)
def test_a_replay_that_cannot_be_is_refused(tmp_path: Path, arguments: list[str], says: str) -> None:
    """Before anything is connected: exit code 2 and one line."""
    config = device_file(tmp_path, Keys(), 18883, "ear-02")
    placed = [str(tmp_path) if argument == "." else argument for argument in arguments]
    result = called("run", "--config", config, *placed)
    assert result.returncode == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_the_loader_takes_what_the_centre_writes(tmp_path: Path) -> None:
    """Site, device, broker, keys, no sources."""
    assert configuration.load(device_file(tmp_path, Keys(), 18883, "ear-02"), {}).source == ()
