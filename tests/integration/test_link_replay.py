"""A recording, from the command line to the centre's rows, over a real broker."""

import math
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from edge_agent.outbox.database import OUTBOX_NAME
from edge_agent.outbox.snapshots import saved
from tests.integration.edge_parts import Keys, agent_process, centre_for, device_file, opened_outbox
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually


def rows_of_a_motor(rows: int) -> str:
    """A CSV as a historian writes it: a time, a channel with a unit, and one cell that is no number."""
    lines = ["datetime;Vibration RMS [mm/s];Current;anomaly"]
    for second in range(rows):
        cell = "n.a.?" if second == 7 else f"{1.3 + 0.05 * math.sin(second * second):.4f}"
        lines.append(f"2026-03-01 08:{second // 60:02d}:{second % 60:02d};{cell};{3.7 + 0.1 * math.sin(second):.4f};0")
    return "\n".join(lines)


def options(recording: Path, config: Path, *more: str, task: str = "equipment_anomaly") -> list[str]:
    """What follows `tallyhouse-edge run` to replay that recording."""
    return ["--replay", str(recording), "--task", task, "--config", str(config), *more]


def replayed(recording: Path, config: Path, *more: str, task: str = "equipment_anomaly") -> subprocess.CompletedProcess[str]:
    """The command to its end."""
    command = [sys.executable, "-m", "edge_agent.cli", "run", *options(recording, config, *more, task=task)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_recording_lands_whole_and_in_order(broker: Mosquitto, tmp_path: Path) -> None:
    """A CSV is played, every conclusion lands once in order, and the command ends by itself with the counts."""
    keys = Keys()
    recording = tmp_path / "motor.csv"
    recording.write_text(rows_of_a_motor(400))
    centre = centre_for(keys, broker.port, "ear-02")
    with centre.running():
        result = replayed(recording, device_file(tmp_path, keys, broker.port, "ear-02"))
    assert result.returncode == 0, result.stderr
    assert list(centre.events) == list(range(1, len(centre.events) + 1))
    assert len(centre.events) >= 6
    assert "samples      400" in result.stdout
    assert "unreadable   1\nrefused      none\n" in result.stdout
    assert '"first_row": 9' in result.stderr
    assert b'"stopped"' in centre.statuses[-1]
    with opened_outbox(tmp_path / "data" / OUTBOX_NAME) as (file, _):
        assert saved(file, "motor/equipment_anomaly") is None, "a recording leaves no state to a live source of its name"


def test_an_agent_killed_while_it_commits_leaves_no_hole(broker: Mosquitto, tmp_path: Path) -> None:
    """kill -9 three times in the middle of a recording: every number lands once, with one content."""
    keys = Keys()
    recording = tmp_path / "motor.csv"
    recording.write_text(rows_of_a_motor(3000))
    config = device_file(tmp_path, keys, broker.port, "ear-02", "commit_interval_s = 0.01")
    centre = centre_for(keys, broker.port, "ear-02")
    with centre.running():
        for target in (5, 15, 25):
            call = options(recording, config, "--speed", "600", "--setting", "window_s=5")
            with agent_process(*call):
                eventually(lambda target=target: centre.cursor >= target, what=f"{target} events")  # type: ignore[misc]
        last = replayed(recording, config)
    assert last.returncode == 0, last.stderr
    assert list(centre.events) == list(range(1, centre.cursor + 1))
    assert f"sequence {centre.cursor} of {centre.cursor}, 0 waiting" in last.stdout
    assert centre.conflicts == 0


def test_pictures_that_a_task_refuses_are_not_called_unreadable(broker: Mosquitto, tmp_path: Path) -> None:
    """Dark ones are refused by that name; the broken file is the only one that cannot be read."""
    keys, folder = Keys(), tmp_path / "belt"
    folder.mkdir()
    for number in range(3):
        assert cv2.imwrite(str(folder / f"{number}.png"), np.zeros((480, 640, 3), np.uint8))
    (folder / "3.png").write_bytes(b"no picture")
    with centre_for(keys, broker.port, "eye-02").running():
        config = device_file(tmp_path, keys, broker.port, "eye-02")
        result = replayed(folder, config, "--setting", "line=line-1", task="defects")
    assert result.returncode == 0, result.stderr
    assert "samples      3\nunreadable   1\nrefused      3 dark\n" in result.stdout
