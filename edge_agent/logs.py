"""Structured logs on stderr: JSON lines for machines, aligned text on a terminal. The last ones are remembered."""

import logging
import re
import sys
from collections import deque
from typing import Literal

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

Style = Literal["json", "console"]
REMEMBERED = 500
MOST_CHARACTERS = 2_000
HIDDEN = "…"
_SECRET_NAMES = re.compile(r"pass|secret|token|credential|authori[sz]ation|(^|_)key($|_)", re.IGNORECASE)
_SECRET_TEXTS = re.compile(r"(?<=//)[^/@\s]+(?=@)|\bth_[0-9a-f]+_[0-9a-f]+|(?<=[?&])(?:password|token|pwd)=[^&\s]+")


class RecentLogs:
    """The last lines of this process, without secrets: for somebody who is not at the device."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=REMEMBERED)

    def lines(self) -> list[str]:
        """JSON objects, oldest first."""
        return list(self._lines)

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Remember one event on its way to stderr."""
        plain = {name: HIDDEN if _SECRET_NAMES.search(name) else _open(value) for name, value in event.items()}
        self._lines.append(msgspec.json.encode(plain).decode()[:MOST_CHARACTERS])
        return event


def _open(value: object) -> object:
    return _SECRET_TEXTS.sub(HIDDEN, value if isinstance(value, str) else repr(value))


def set_up_logs(style: Style | None = None, level: str = "info") -> RecentLogs:
    """Send every log of this process to stderr; `style` None means console on a terminal and JSON elsewhere."""
    recent = RecentLogs()
    chosen = style or ("console" if sys.stderr.isatty() else "json")
    last = structlog.dev.ConsoleRenderer() if chosen == "console" else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            recent,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # The stderr of the moment, not of now: whoever replaces it (a test, a service wrapper) may close this one.
        logger_factory=lambda *_names: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="%(name)s: %(message)s", force=True)
    return recent
