"""How a recording becomes the only source of an agent."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent import config as configuration
from edge_agent.config import EdgeConfig, SourceConfig, TaskConfig
from edge_agent.errors import ConfigError
from edge_agent.replaying import ReplayRequest, for_replay, identifier
from protocols.identity import checked_name

CONFIG = EdgeConfig(
    site="s1",
    device="ear-01",
    key_file=Path("k"),
    centre_key="x",
    source=(SourceConfig(id="pump-1", kind="modbus"),),
    task=(TaskConfig(kind="equipment_anomaly", source="pump-1", settings={"learn_s": 40, "window_s": 60}),),
)


@given(st.text(max_size=60))
def test_any_file_name_becomes_an_identifier(text: str) -> None:
    """That topics and messages allow."""
    assert checked_name(identifier(text), "source") == identifier(text)


def test_settings_of_the_file_hold_unless_given_anew(tmp_path: Path) -> None:
    """The other sources are left out; values are JSON where they can be."""
    recording = tmp_path / "Pump (old).csv"
    recording.write_text("time,a\n0,1\n")
    request = ReplayRequest(recording, "equipment_anomaly", settings=("learn_s=80", "note=plain text"), asset="Pump 1")
    config = for_replay(CONFIG, request)
    assert [(source.id, source.kind, source.asset) for source in config.source] == [("pump-old", "csv", "pump-1")]
    assert config.task[0].settings == {"learn_s": 80, "window_s": 60, "note": "plain text"}


@pytest.mark.parametrize(("name", "kind"), [("a.csv", "csv"), ("a.TSV", "csv"), ("a.mp4", "video"), ("folder", "pictures")])
def test_the_kind_of_a_recording_shows_in_its_name(tmp_path: Path, name: str, kind: str) -> None:
    """A folder is pictures, what is no table is tried as a video."""
    path = tmp_path / name
    path.mkdir() if name == "folder" else path.write_text("")
    assert for_replay(CONFIG, ReplayRequest(path, "defects")).source[0].kind == kind


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    """By its path."""
    with pytest.raises(ConfigError, match=r"none\.csv"):
        for_replay(CONFIG, ReplayRequest(tmp_path / "none.csv", "defects"))


def test_video_libraries_are_told_to_be_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless somebody wants to hear them."""
    monkeypatch.setenv("OPENCV_FFMPEG_LOGLEVEL", "16")
    monkeypatch.delenv("OPENCV_LOG_LEVEL", raising=False)
    configuration.quieten_video()
    assert os.environ["OPENCV_FFMPEG_LOGLEVEL"] == "16"
    assert os.environ["OPENCV_LOG_LEVEL"] == "SILENT"
