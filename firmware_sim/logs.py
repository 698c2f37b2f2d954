"""How the simulator speaks to its operator: one structlog line an event, on standard error."""

import logging
import sys

import structlog


def configure(level: str = "info") -> None:
    """Log events of at least this level as text. Called once, by the command line."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # pymodbus logs a traceback for every bad request a client makes; a hostile client must not fill the log.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
