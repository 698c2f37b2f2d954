"""Model releases that this house may roll out: one row an archive, named by the hash of its bytes."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, String, Table, insert, select

from central.store.metadata import metadata
from central.store.types import Instant

releases = Table(
    "releases",
    metadata,
    Column("sha256", String, primary_key=True),  # "sha256:" and 64 hexadecimal digits
    Column("kind", String, nullable=False),  # kind of task that runs it
    Column("model", String, nullable=False),  # such as shelf-1.4.2@sha256:ab12cd34ef56
    Column("name", String, nullable=False),
    Column("version", String, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("added_by", String, nullable=False),
    Column("added_at", Instant, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class Release:
    """A row of `releases`."""

    sha256: str
    kind: str
    model: str
    name: str
    version: str
    size_bytes: int
    added_by: str
    added_at: datetime


def add(conn: Connection, release: Release) -> None:
    """One more; the caller has made sure that there is none of that hash."""
    conn.execute(insert(releases).values(asdict(release)))


def get(conn: Connection, sha256: str) -> Release | None:
    """The release of that archive."""
    row = conn.execute(select(releases).where(releases.c.sha256 == sha256)).mappings().one_or_none()
    return None if row is None else Release(**row)


def every(conn: Connection) -> list[Release]:
    """All releases, newest first."""
    newest = select(releases).order_by(releases.c.added_at.desc(), releases.c.sha256)
    return [Release(**row) for row in conn.execute(newest).mappings()]


def called(conn: Connection, model: str) -> list[Release]:
    """Releases of that hash, model id, or name and version (`shelf-1.4.2`), newest first."""
    return [one for one in every(conn) if model in {one.sha256, one.model, f"{one.name}-{one.version}"}]
