"""Files that people brought through the console: what kind, how far their check or posting is, what it came to."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, Connection, Integer, String, Table, insert, select, update

from central.store.metadata import metadata
from central.store.types import Instant, Json

uploads = Table(
    "uploads",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("file_name", String, nullable=False),
    Column("path", String, nullable=False),
    Column("decimal", String),
    Column("dates", String),
    Column("state", String, nullable=False),
    Column("why", String),
    Column("rows_done", Integer, nullable=False),
    Column("rows_expected", Integer, nullable=False),
    Column("report", Json),
    Column("uploaded_by", String, nullable=False),
    Column("uploaded_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
State = Literal["checking", "checked", "posting", "posted", "failed"]


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that was brought. `path`: where it lies; `report`: what its rows came to, as JSON, once they were read."""

    site: str
    kind: str
    file_name: str
    path: str
    decimal: str | None
    dates: str | None
    uploaded_by: str
    uploaded_at: datetime
    updated_at: datetime
    state: State = "checking"
    why: str | None = None
    rows_done: int = 0
    rows_expected: int = 0
    report: dict[str, Any] | None = None
    id: int = 0


def add(conn: Connection, upload: Upload) -> int:
    """Put it on record. Returns its number."""
    row = {name: value for name, value in asdict(upload).items() if name != "id"}
    return int(conn.execute(insert(uploads).values(row).returning(uploads.c.id)).scalar_one())


def change(conn: Connection, upload_id: int, **values: Any) -> None:
    """Set some of its columns."""
    conn.execute(update(uploads).where(uploads.c.id == upload_id).values(values))


def claim(conn: Connection, seen: Upload, state: State, who: str, now: datetime) -> bool:
    """Begin work on a file, unless somebody has changed it since it was `seen`: of two who begin at once, one does."""
    c = uploads.c
    as_seen = (c.id == seen.id, c.state == seen.state, c.updated_at == seen.updated_at)
    begun = update(uploads).where(*as_seen).values(state=state, why=None, updated_at=now, uploaded_by=who)
    return conn.execute(begun).rowcount == 1


def get(conn: Connection, site: str, upload_id: int) -> Upload | None:
    """The file of that number at a site."""
    c = uploads.c
    row = conn.execute(select(uploads).where(c.site == site, c.id == upload_id)).mappings().one_or_none()
    return None if row is None else Upload(**row)


def newest(conn: Connection, site: str, limit: int, skip: int = 0) -> list[Upload]:
    """The last files that were brought, newest first, without the first `skip`."""
    c = uploads.c
    rows = conn.execute(select(uploads).where(c.site == site).order_by(c.id.desc()).limit(limit).offset(skip)).mappings()
    return [Upload(**row) for row in rows]


def remove(conn: Connection, site: str, upload_id: int) -> None:
    """Forget it."""
    conn.execute(uploads.delete().where(uploads.c.site == site, uploads.c.id == upload_id))
