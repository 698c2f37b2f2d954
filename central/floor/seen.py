"""What devices saw and concluded, event by event, with the picture or stretch of readings behind it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, and_, select

from central.store.counts import counts
from central.store.events import events
from central.store.evidence import evidence
from protocols.errors import ProtocolError
from protocols.messages.defect import Defect
from protocols.messages.registry import EventData, read_data
from protocols.messages.shelf_count import ShelfCount

PICTURES = ("shelf_count/1", "defect/1")
LOOK_BACK = 300  # events of a kind


@dataclass(frozen=True)
class Seen:
    """One event. `message` is None for a kind that nobody here knows: then `raw` is all there is."""

    device: str
    sequence: int
    kind: str
    occurred_at: datetime
    received_at: datetime
    clock: str
    model: str | None
    evidence: str | None
    media_type: str | None  # None until the evidence has arrived
    raw: str

    @property
    def message(self) -> EventData | None:
        """What the device concluded."""
        try:
            return read_data(self.kind, self.raw.encode())
        except ProtocolError:
            return None

    @property
    def name(self) -> str:
        """The kind without its version."""
        return self.kind.partition("/")[0]


def event(conn: Connection, device: str, sequence: int) -> Seen | None:
    """The event of that key, if it has landed."""
    row = conn.execute(_seen().where(events.c.device == device, events.c.sequence == sequence)).mappings().first()
    return None if row is None else Seen(**row)


def newest(conn: Connection, site: str, kind: str, most: int) -> list[Seen]:
    """The newest events of a kind, newest first."""
    rows = _seen().where(events.c.site == site, events.c.kind == kind).order_by(events.c.occurred_at.desc()).limit(most)
    return [Seen(**row) for row in conn.execute(rows).mappings()]


def newest_by_camera(conn: Connection, site: str) -> dict[str, Seen]:
    """The newest event with a picture that has arrived, of each camera."""
    found: dict[str, Seen] = {}
    for seen in (seen for kind in PICTURES for seen in newest(conn, site, kind, LOOK_BACK)):
        message = seen.message
        if seen.media_type is None or not isinstance(message, ShelfCount | Defect):
            continue
        known = found.get(message.camera)
        if known is None or known.occurred_at < seen.occurred_at:
            found[message.camera] = seen
    return found


def newest_of_shelf(conn: Connection, site: str, location: str, sku: str) -> Seen | None:
    """The event behind the newest count of a place."""
    here = (counts.c.site == site) & (counts.c.location == location) & (counts.c.sku == sku)
    last = select(counts.c.device, counts.c.sequence).where(here).order_by(counts.c.counted_at.desc()).limit(1)
    row = conn.execute(last).first()
    return None if row is None else event(conn, row.device, row.sequence)


def _seen() -> Select[*tuple[object, ...]]:
    own = [
        events.c[name] for name in ("device", "sequence", "kind", "occurred_at", "received_at", "clock", "model", "evidence")
    ]
    joined = events.outerjoin(evidence, and_(evidence.c.sha256 == events.c.evidence))
    return select(*own, evidence.c.media_type, events.c.data.label("raw")).select_from(joined)
