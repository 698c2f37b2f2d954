"""What capabilities have learned: the newest fitted model of each subject, as text, with the data that it was fitted on."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, String, Table, Text, select

from central.store.engine import upsert
from central.store.metadata import metadata
from central.store.types import Instant

artefacts = Table(
    "artefacts",
    metadata,
    Column("site", String, primary_key=True),
    Column("capability", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("version", Integer, nullable=False),  # counts the fits of this subject
    Column("fitted_at", Instant, nullable=False),
    Column("data_sha256", String, nullable=False),
    Column("params_version", Integer, nullable=False),
    Column("body", Text, nullable=False),  # JSON that its capability wrote; it knows how to read it
)


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """One fitted model; equal `data_sha256` means fitted on the same rows."""

    site: str
    capability: str
    subject: str
    version: int
    fitted_at: datetime
    data_sha256: str
    params_version: int
    body: str


def newest(conn: Connection, site: str, capability: str, subject: str) -> Artefact | None:
    """The model that counts now, None before the first fit."""
    c = artefacts.c
    mine = (c.site == site, c.capability == capability, c.subject == subject)
    row = conn.execute(select(artefacts).where(*mine)).mappings().first()
    return None if row is None else Artefact(**row)


def put(conn: Connection, artefact: Artefact) -> None:
    """Keep this one in place of the one before it."""
    row = upsert(artefacts).values(asdict(artefact))
    fresh = {c.name: row.excluded[c.name] for c in artefacts.c if c.name not in ("site", "capability", "subject")}
    conn.execute(row.on_conflict_do_update(index_elements=["site", "capability", "subject"], set_=fresh))


def of_capability(conn: Connection, site: str, capability: str) -> list[Artefact]:
    """The model that counts now of each subject."""
    c = artefacts.c
    rows = conn.execute(select(artefacts).where(c.site == site, c.capability == capability).order_by(c.subject)).mappings()
    return [Artefact(**row) for row in rows]
