"""The log that open pages tail: one row a thing that changed, written in the transaction that changed it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from threading import Condition, Event, Thread

import structlog
from sqlalchemy import Column, Connection, Engine, Integer, String, Table, func, select
from sqlalchemy.exc import SQLAlchemyError

from central.store.engine import reading
from central.store.metadata import metadata
from central.store.types import Instant, instant_text

logger = structlog.get_logger()

changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String, nullable=False),  # empty for quarantine, backup and kept, which are of the whole house
    # alarm | position | condition | decision | device | event | quarantine | ledger_day | backup | kept | label
    Column("noun", String, nullable=False),
    Column("key", String, nullable=False),
    Column("at", Instant, nullable=False),
    sqlite_autoincrement=True,
)


LOOK_EVERY_S = 0.05
MOST_AT_ONCE = 1000


@dataclass(frozen=True)
class Change:
    """Row `id` of the log: the thing `key` among the `noun`s of a site changed."""

    id: int
    site: str
    noun: str
    key: str


def log(conn: Connection, site: str, noun: str, key: str, now: datetime) -> None:
    """One thing changed."""
    log_all(conn, [(site, noun, key)], now)


def log_all(conn: Connection, changed: Collection[tuple[str, str, str]], now: datetime) -> None:
    """Many things changed: (site, noun, key) each once."""
    if changed:
        at = instant_text(now)
        rows = [(*each, at) for each in dict.fromkeys(changed)]
        conn.exec_driver_sql("INSERT INTO changes (site, noun, key, at) VALUES (?, ?, ?, ?)", rows)


def newest(conn: Connection) -> int:
    """The id of the last change, 0 before the first."""
    return int(conn.execute(select(func.coalesce(func.max(changes.c.id), 0))).scalar_one())


def since(conn: Connection, after: int, most: int = MOST_AT_ONCE) -> list[Change]:
    """Changes after row `after`, oldest first, at most `most`."""
    rows = select(changes.c.id, changes.c.site, changes.c.noun, changes.c.key).where(changes.c.id > after)
    return [Change(*row) for row in conn.execute(rows.order_by(changes.c.id).limit(most))]


class Tail:
    """One thread a process looks for new rows; every open page waits on it. The thread starts with the first wait."""

    def __init__(self, engine: Engine, look_every_s: float = LOOK_EVERY_S) -> None:
        self._engine = engine
        self._look_every_s = look_every_s
        self._grown = Condition()
        self._newest = 0
        self._stopped = Event()
        self._thread: Thread | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether waiting has become pointless: the process is going down."""
        return self._stopped.is_set()

    def wait(self, after: int, timeout_s: float) -> bool:
        """True as soon as there is a row after `after`; False when `timeout_s` passed or the tail was stopped."""
        with self._grown:
            self._run()
            self._grown.wait_for(lambda: self._newest > after or self.is_stopped, timeout_s)
            return self._newest > after and not self.is_stopped

    def pause(self, duration_s: float) -> None:
        """Wait that long, or until the tail is stopped."""
        self._stopped.wait(duration_s)

    def stop(self) -> None:
        """Let go of everybody who waits and end the thread."""
        self._stopped.set()
        with self._grown:
            self._grown.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        if self._thread is None and not self.is_stopped:
            self._thread = Thread(target=self._look, name="changes", daemon=True)
            self._thread.start()

    def _look(self) -> None:
        while not self._stopped.wait(self._look_every_s):
            try:
                with reading(self._engine) as conn:
                    last = newest(conn)
            except SQLAlchemyError:
                logger.warning("changes_unreadable", remedy="open pages wait for the database", exc_info=True)
                continue
            if last > self._newest:
                with self._grown:
                    self._newest = last
                    self._grown.notify_all()
