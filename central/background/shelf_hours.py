"""Once an hour, what cameras saw of days that are over becomes availability, beside which sales are read."""

from datetime import UTC, datetime

from central.floor import availability as floor_availability
from central.parts import Parts
from central.store import availability, catalogue
from central.store.catalogue import Site

FIRST_MINUTES = 5  # of each hour: as often as books are kept


def keep_shelf_hours(parts: Parts, now: datetime) -> int:
    """Put down every item and day that were counted on and have no availability yet; how many."""
    return _kept(parts, now) if now.minute < FIRST_MINUTES else 0


def _kept(parts: Parts, now: datetime) -> int:
    today = now.astimezone(UTC).date()
    with parts.reading() as conn:
        sites = [site.site for site in catalogue.all_of(conn, Site)]
        found = [
            (site, one)
            for site in sites
            for sku, day in floor_availability.unaccounted(conn, site, today)
            if (one := floor_availability.measured(conn, site, sku, day)) is not None
        ]
    if found:
        with parts.writing() as conn:
            for site in sites:
                availability.put(conn, site, [one for where, one in found if where == site])
    return len(found)
