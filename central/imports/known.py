"""What rows of a file may refer to: read once, before the first row."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from central.store import catalogue
from central.store.catalogue import Item


@dataclass(frozen=True)
class Known:
    """A site's catalogue as it stands: items by SKU, suppliers, and at which locations which item should stand."""

    site: str
    now: datetime
    items: dict[str, Item]
    suppliers: frozenset[str]
    locations: dict[str, str]


def known(conn: Connection, site: str, now: datetime) -> Known:
    """What is known at a site."""
    return Known(
        site=site,
        now=now,
        items={item.sku: item for item in catalogue.all_of(conn, Item)},
        suppliers=frozenset(supplier.supplier for supplier in catalogue.all_of(conn, catalogue.Supplier)),
        locations={shelf.location: shelf.sku for shelf in catalogue.all_of(conn, catalogue.Shelf, site)},
    )
