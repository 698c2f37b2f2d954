"""What the house consists of: sites, shelves with their planogram, cameras, machines, items, suppliers.

Labels are JSON `{"en": …, "zh_Hans": …}`; identifiers follow `protocols.identity`.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TypeVar

from sqlalchemy import Column, Connection, Float, ForeignKey, Integer, String, Table, func, select

from central.store.engine import upsert
from central.store.metadata import metadata
from central.store.types import Json

sites = Table("sites", metadata, Column("site", String, primary_key=True), Column("label", Json, nullable=False))

suppliers = Table(
    "suppliers",
    metadata,
    Column("supplier", String, primary_key=True),
    Column("label", Json, nullable=False),
    Column("lead_time_d", Float, nullable=False),
    Column("lead_time_sd_d", Float, nullable=False),
    Column("email", String),
)

items = Table(
    "items",
    metadata,
    Column("sku", String, primary_key=True),
    Column("label", Json, nullable=False),
    Column("supplier", String, ForeignKey("suppliers.supplier"), nullable=False),
    Column("pack_size", Integer, nullable=False),
    Column("unit_cost", Float, nullable=False),
    Column("currency", String, nullable=False),
)

cameras = Table(
    "cameras",
    metadata,
    Column("site", String, ForeignKey("sites.site"), primary_key=True),
    Column("camera", String, primary_key=True),
    Column("label", Json, nullable=False),
    Column("device", String),
)

# One row a place on a shelf: what should stand there (the planogram) and where a camera sees it.
shelves = Table(
    "shelves",
    metadata,
    Column("site", String, ForeignKey("sites.site"), primary_key=True),
    Column("location", String, primary_key=True),
    Column("label", Json, nullable=False),
    Column("aisle", String, nullable=False),
    Column("sku", String, ForeignKey("items.sku"), nullable=False),
    Column("facings", Integer, nullable=False),
    Column("depth", Integer, nullable=False, default=1),
    Column("camera", String),
    Column("region", Json),  # [x, y, width, height] as fractions of the camera's frame
)

machines = Table(
    "machines",
    metadata,
    Column("site", String, ForeignKey("sites.site"), primary_key=True),
    Column("machine", String, primary_key=True),
    Column("label", Json, nullable=False),
    Column("profile", String),
    Column("device", String),
)


@dataclass(frozen=True)
class Site:
    """A house with shelves and machines. label: language → text, here and below."""

    site: str
    label: dict[str, str]


@dataclass(frozen=True)
class Supplier:
    """Who sells to us; the lead time and its standard deviation in days."""

    supplier: str
    label: dict[str, str]
    lead_time_d: float
    lead_time_sd_d: float
    email: str | None = None


@dataclass(frozen=True)
class Item:
    """Something kept in stock; unit_cost in `currency` (ISO 4217), pack_size in units."""

    sku: str
    label: dict[str, str]
    supplier: str
    pack_size: int
    unit_cost: float
    currency: str


@dataclass(frozen=True)
class Camera:
    """A camera and the edge device that reads it."""

    site: str
    camera: str
    label: dict[str, str]
    device: str | None = None


@dataclass(frozen=True)
class Shelf:
    """A place and what should stand there. region: x, y, width, height as fractions of the camera's frame."""

    site: str
    location: str
    label: dict[str, str]
    aisle: str
    sku: str
    facings: int
    depth: int = 1
    camera: str | None = None
    region: list[float] | None = None

    @property
    def capacity(self) -> int:
        """Units that fit."""
        return self.facings * self.depth


@dataclass(frozen=True)
class Machine:
    """A machine, its register map (a sensor profile) and the edge device that listens to it."""

    site: str
    machine: str
    label: dict[str, str]
    profile: str | None = None
    device: str | None = None


Record = Site | Supplier | Item | Camera | Shelf | Machine
_TABLES: dict[type[Record], Table] = {
    Site: sites,
    Supplier: suppliers,
    Item: items,
    Camera: cameras,
    Shelf: shelves,
    Machine: machines,
}
Kind = TypeVar("Kind", Site, Supplier, Item, Camera, Shelf, Machine)


def put(conn: Connection, records: Iterable[Record]) -> None:
    """Insert or overwrite, in the order given: what is referred to must come first."""
    for record in records:
        table = _TABLES[type(record)]
        key = [column.name for column in table.primary_key]
        row = upsert(table).values(asdict(record))
        fresh = {column.name: row.excluded[column.name] for column in table.columns if column.name not in key}
        conn.execute(row.on_conflict_do_update(index_elements=key, set_=fresh))


def all_of(conn: Connection, kind: type[Kind], site: str | None = None) -> list[Kind]:
    """Every record of a kind, by its key; those of one site where `site` is given."""
    table = _TABLES[kind]
    query = select(table).order_by(*table.primary_key)
    if site is not None and "site" in table.c:
        query = query.where(table.c.site == site)
    return [kind(**row) for row in conn.execute(query).mappings()]


def shelf(conn: Connection, site: str, location: str) -> Shelf | None:
    """The shelf at a location, if there is one."""
    query = select(shelves).where(shelves.c.site == site, shelves.c.location == location)
    row = conn.execute(query).mappings().one_or_none()
    return Shelf(**row) if row else None


def shelves_of(conn: Connection, site: str, sku: str) -> list[Shelf]:
    """Where an item should stand."""
    query = select(shelves).where(shelves.c.site == site, shelves.c.sku == sku).order_by(shelves.c.location)
    return [Shelf(**row) for row in conn.execute(query).mappings()]


def item(conn: Connection, sku: str) -> Item | None:
    """The item, if it is known."""
    row = conn.execute(select(items).where(items.c.sku == sku)).mappings().one_or_none()
    return Item(**row) if row else None


def supplier(conn: Connection, name: str) -> Supplier | None:
    """The supplier, if it is known."""
    row = conn.execute(select(suppliers).where(suppliers.c.supplier == name)).mappings().one_or_none()
    return Supplier(**row) if row else None


def machine(conn: Connection, site: str, name: str) -> Machine | None:
    """The machine, if it is known."""
    query = select(machines).where(machines.c.site == site, machines.c.machine == name)
    row = conn.execute(query).mappings().one_or_none()
    return Machine(**row) if row else None


def is_empty(conn: Connection) -> bool:
    """Whether nothing was loaded yet."""
    return conn.execute(select(func.count()).select_from(sites)).scalar_one() == 0
