"""What cameras found in what a supplier sent: bad parts among those judged, lately and before, by lot; people's word last.

A part failed when the camera said so and people did not clear it; one in doubt counts as looked at. `inspected` of each
defect brings the parts that passed before it; those after the last defect are not on record yet.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from msgspec import DecodeError, ValidationError
from msgspec.json import decode
from sqlalchemy import Connection

from central.capabilities.supply.supplier_quality.model import Inputs, Inspection, Lot, Params, Severity
from central.deciding.capability import Subject
from central.deciding.outcome import Cause, Value
from central.floor import labels
from central.store import catalogue, events, purchase_orders, reviews
from protocols.messages.defect import Defect

CAPABILITY = "supply.supplier_quality"
DEFECT = "defect/1"
MOST_DEFECTS, MOST_LOTS = 20_000, 50
AGREED_FOR = timedelta(days=365)
UNNAMED = "–"


@dataclass(frozen=True)
class Part:
    """A part that a camera told of; `inspected` parts of its line were judged since the one told before."""

    event: str
    device: str
    sequence: int
    at: datetime
    supplier: str
    lot: str
    is_bad: bool
    inspected: int


def suppliers_at(conn: Connection, site: str) -> list[str]:
    """Suppliers whose parts a camera told of."""
    return sorted({part.supplier for part in parts(conn, site, None)})


def gather(conn: Connection, subject: Subject, params: Params, now: datetime) -> Inputs:
    """Everything `decide` needs, as of `now`."""
    seen = [part for part in parts(conn, subject.site, now - timedelta(days=params.history_d)) if part.at <= now]
    mine = [part for part in seen if part.supplier == subject.key]
    recent = now - timedelta(days=params.recent_d)
    known = catalogue.supplier(conn, subject.key)
    return Inputs(
        as_of=now,
        causes=_causes(mine),
        supplier=subject.key,
        label=known.label if known else {"en": subject.key},
        earlier=next(iter(_by([part for part in mine if part.at < recent], lambda _: "earlier")), None),
        lately=next(iter(_by([part for part in mine if part.at >= recent], lambda _: "lately")), None),
        lots=tuple(_by(mine, lambda part: part.lot))[:MOST_LOTS],
        others=tuple(_by([part for part in seen if part.supplier != subject.key], lambda part: part.supplier)),
        lot_units=_usual_delivery(conn, subject, now - timedelta(days=params.history_d)),
        severity=_severity(conn, subject, now),
    )


def parts(conn: Connection, site: str, since: datetime | None) -> list[Part]:
    """What cameras told of parts with a known supplier, the newest first."""
    cleared = {one.picture.event for one in labels.settled_pictures(conn, site) if one.is_good}
    found = []
    for event in events.page(conn, site, kind=DEFECT, since=since, limit=MOST_DEFECTS):
        try:
            said = decode(event.data, type=Defect)
        except (DecodeError, ValidationError):
            continue  # kept from a version that spoke otherwise: shown among the events, of no use here
        if said.supplier is None:
            continue
        is_bad = said.verdict == "fail" and event.id not in cleared
        place = (event.id, event.device, event.sequence, event.occurred_at)
        found.append(Part(*place, said.supplier, said.lot or UNNAMED, is_bad, said.inspected))
    return found


def _by(some: Iterable[Part], key: Callable[[Part], str]) -> list[Lot]:
    grouped: dict[str, list[Part]] = defaultdict(list)
    for part in some:
        grouped[key(part)].append(part)
    return [_found(name, group) for name, group in grouped.items()]


def _found(name: str, some: Sequence[Part]) -> Lot:
    return Lot(lot=name, bad=sum(part.is_bad for part in some), looked_at=sum(part.inspected for part in some))


def _usual_delivery(conn: Connection, subject: Subject, since: datetime) -> int | None:
    came = purchase_orders.received(conn, subject.site, since, supplier=subject.key)
    units = [line.units_received for line in came if line.units_received > 0]
    return int(median(units)) if units else None


def _severity(conn: Connection, subject: Subject, now: datetime) -> Severity:
    """What was last agreed on; normal at first, and again when nobody has looked at it for so long."""
    agreed = reviews.accepted(conn, subject.site, CAPABILITY, subject.key, now - AGREED_FOR)
    return Inspection.model_validate(agreed[-1][1]).severity if agreed else "normal"


def _causes(mine: Sequence[Part]) -> tuple[Cause, ...]:
    """The latest bad part, or the latest that was looked at."""
    if not mine:
        return ()
    newest = next((part for part in mine if part.is_bad), mine[0])
    values: dict[str, Value] = {"lot": newest.lot, "seen_at": newest.at.isoformat()}
    return (Cause("defect" if newest.is_bad else "looked", newest.event, newest.device, newest.sequence, values),)
