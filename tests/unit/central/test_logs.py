"""Where the centre's logs go."""

import io
import sys

import pytest
import structlog

from central.logs import set_up_logs


def test_a_log_line_goes_to_the_stderr_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stderr that was replaced and closed in between takes no line with it, and raises nothing."""
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", first)
    set_up_logs()
    first.close()
    monkeypatch.setattr(sys, "stderr", second)
    structlog.get_logger().warning("broker_lost", broker="127.0.0.1:18883")
    assert '"event": "broker_lost"' in second.getvalue()


def test_what_a_device_says_cannot_forge_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line break or a terminal's escape stays inside its value, for machines and on a terminal."""
    hostile = 'tallyhouse/v1/x\n{"event": "all_is_well"}\x1b[2J\r'
    for is_terminal in (False, True):
        stderr = io.StringIO()
        monkeypatch.setattr(stderr, "isatty", lambda is_terminal=is_terminal: is_terminal)
        monkeypatch.setattr(sys, "stderr", stderr)
        set_up_logs()
        structlog.get_logger().warning("quarantined", topic=hostile, detail=hostile)
        written = stderr.getvalue()
        assert written.count("\n") == 1
        assert "\x1b[2J" not in written
        assert "\r" not in written
