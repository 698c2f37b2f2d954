"""When backups were made, and which failed: what people and programs are told of them."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Float, Integer, String, Table, insert, select

from central.store.metadata import metadata
from central.store.types import Instant

backups = Table(
    "backups",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("made_at", Instant, nullable=False),
    Column("folder", String, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("problem", String),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True)
class BackupRow:
    """One attempt. bytes: what it wrote; problem: why there is none, for people."""

    made_at: datetime
    folder: str
    bytes: int
    seconds: float
    problem: str | None = None


def add(conn: Connection, backup: BackupRow) -> None:
    """Another attempt."""
    conn.execute(insert(backups).values(asdict(backup)))


def newest(conn: Connection) -> BackupRow | None:
    """The last one that succeeded."""
    return _first(conn, succeeded=True)


def last_failure(conn: Connection) -> BackupRow | None:
    """The last attempt, if it failed."""
    last = _first(conn, succeeded=False)
    return last if last and last.problem else None


def _first(conn: Connection, *, succeeded: bool) -> BackupRow | None:
    c = backups.c
    query = select(c.made_at, c.folder, c.bytes, c.seconds, c.problem).order_by(c.id.desc()).limit(1)
    row = conn.execute(query.where(c.problem.is_(None)) if succeeded else query).one_or_none()
    return None if row is None else BackupRow(*row)
