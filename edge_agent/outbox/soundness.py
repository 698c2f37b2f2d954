"""A look over the whole file at boot, bounded in time: SQLite's own check of its structure, then every row's checksum."""

import sqlite3
import time

import structlog

from edge_agent.outbox.counter import read_counter
from edge_agent.outbox.rows import SELECT_ROWS, last_of, whole_rows

CHECK_S = 30.0
STEPS_BETWEEN_LOOKS = 100_000

_log = structlog.get_logger()


def structure_damage(connection: sqlite3.Connection, deadline_s: float) -> str | None:
    """What `PRAGMA quick_check` says; None when it is well, or the deadline (monotonic) came first, which is logged."""
    connection.set_progress_handler(lambda: time.monotonic() > deadline_s, STEPS_BETWEEN_LOOKS)
    try:
        verdict = connection.execute("PRAGMA quick_check(3)").fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        _log.warning(
            "outbox_check_unfinished", after_s=CHECK_S, remedy="a large file on a slow card; `doctor` checks it whole"
        )
        return None
    finally:
        connection.set_progress_handler(None, 0)
    return None if verdict == [("ok",)] else "; ".join(str(row[0]) for row in verdict)


def row_damage(connection: sqlite3.Connection, deadline_s: float) -> str | None:
    """Rows that do not fit their checksum, or are not there; as far as the deadline (monotonic) lets this look.

    Raises OutboxCorrupt when the counter is damaged.
    """
    counter = read_counter(connection)
    at, due = -1, counter.acknowledged + 1
    while time.monotonic() < deadline_s:
        found = connection.execute(f"{SELECT_ROWS} WHERE sequence > ? ORDER BY sequence LIMIT 1000", (at,)).fetchall()
        if not found:
            return _end_damage(due - 1, counter.last)
        rows = list(whole_rows(found))
        if len(rows) < len(found):
            return f"{len(found) - len(rows)} of the events {found[0][0]} to {found[-1][0]} do not fit their checksum"
        for row in rows:
            if row.sequence > due:
                return f"events {due} to {row.sequence - 1} are not there"
            due = max(due, last_of(row) + 1)
        at = rows[-1].sequence
    return None


def _end_damage(reached: int, last: int) -> str | None:
    if reached == last:
        return None
    return (
        f"events {reached + 1} to {last} are not there"
        if reached < last
        else f"its counter stands at {last}, behind its rows"
    )
