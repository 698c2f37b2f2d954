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
