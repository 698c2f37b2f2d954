"""The last log lines, as they may leave the device."""

import json

import pytest

from edge_agent.logs import HIDDEN, MOST_CHARACTERS, REMEMBERED, RecentLogs


def noted(**event: object) -> str:
    """The line that is remembered of an event."""
    recent = RecentLogs()
    assert recent(None, "info", event) is event
    (line,) = recent.lines()
    return line


@pytest.mark.parametrize("name", ["password", "password_file", "token", "api_key", "centre_key", "Authorization", "secret"])
def test_what_is_called_a_secret_stays_here(name: str) -> None:
    """Whatever its value is."""
    assert json.loads(noted(event="x", **{name: "hunter2"})) == {"event": "x", name: HIDDEN}


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin:hunter2@10.0.0.7/stream is gone",
        "http://cam/?user=a&password=hunter2&x=1",
        "token th_1a2b3c4d_hunter2 was refused".replace("hunter2", "abcdef0123"),
    ],
)
def test_secrets_inside_texts_stay_here(text: str) -> None:
    """Cameras carry them in their addresses."""
    line = noted(event="source_lost", why=text)
    assert "hunter2" not in line
    assert "abcdef0123" not in line
    assert HIDDEN in line


def test_the_rest_is_told() -> None:
    """Objects as they print, long lines cut."""
    assert json.loads(noted(event="x", rows=3, keyboard="de", monkey="m"))["keyboard"] == "de"
    assert len(noted(event="y" * 10_000)) == MOST_CHARACTERS


def test_only_the_last_ones_are_kept() -> None:
    """A year of logs does not fit into memory."""
    recent = RecentLogs()
    for number in range(REMEMBERED + 5):
        recent(None, "info", {"event": str(number)})
    assert len(recent.lines()) == REMEMBERED
    assert json.loads(recent.lines()[-1])["event"] == str(REMEMBERED + 4)
