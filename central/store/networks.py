"""Supply networks: places that can serve, what customers need in each scenario, and what a unit costs between them."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import Column, Connection, Float, String, Table, select

from central.store.engine import put_rows
from central.store.metadata import metadata

network_facilities = Table(
    "network_facilities",
    metadata,
    Column("site", String, primary_key=True),
    Column("network", String, primary_key=True),
    Column("facility", String, primary_key=True),
    Column("capacity", Float, nullable=False),
    Column("fixed_cost", Float, nullable=False),
    Column("state", String, nullable=False),
    Column("currency", String, nullable=False),
)
network_demands = Table(
    "network_demands",
    metadata,
    Column("site", String, primary_key=True),
    Column("network", String, primary_key=True),
    Column("customer", String, primary_key=True),
    Column("scenario", String, primary_key=True),
    Column("units", Float, nullable=False),
    Column("chance", Float, nullable=False),
)
network_lanes = Table(
    "network_lanes",
    metadata,
    Column("site", String, primary_key=True),
    Column("network", String, primary_key=True),
    Column("facility", String, primary_key=True),
    Column("customer", String, primary_key=True),
    Column("unit_cost", Float, nullable=False),
)


@dataclass(frozen=True)
class Facility:
    """A place: units and money a period; state 'open' and 'closed' are settled."""

    network: str
    facility: str
    capacity: float
    fixed_cost: float
    state: Literal["free", "open", "closed"] = "free"
    currency: str = "EUR"


@dataclass(frozen=True)
class Demand:
    """Units a period of a customer in a scenario, and the chance of that scenario."""

    network: str
    customer: str
    scenario: str
    units: float
    chance: float


@dataclass(frozen=True)
class Lane:
    """What one unit costs from a place to a customer."""

    network: str
    facility: str
    customer: str
    unit_cost: float


@dataclass(frozen=True)
class NetworkFacts:
    """All that is known of one network."""

    facilities: list[Facility]
    demands: list[Demand]
    lanes: list[Lane]


Record = Facility | Demand | Lane
_TABLES: dict[type[Record], Table] = {Facility: network_facilities, Demand: network_demands, Lane: network_lanes}


def put(conn: Connection, site: str, records: Iterable[Record]) -> None:
    """Insert or overwrite, by what they are about."""
    by_kind: dict[type[Record], list[dict[str, object]]] = {}
    for record in records:
        by_kind.setdefault(type(record), []).append(asdict(record) | {"site": site})
    for kind, rows in by_kind.items():
        put_rows(conn, _TABLES[kind], rows)


def get(conn: Connection, site: str, network: str) -> NetworkFacts:
    """What is known of a network; nothing where there is none of that name."""
    return NetworkFacts(
        [Facility(**row) for row in _rows(conn, network_facilities, site, network)],
        [Demand(**row) for row in _rows(conn, network_demands, site, network)],
        [Lane(**row) for row in _rows(conn, network_lanes, site, network)],
    )


def names(conn: Connection, site: str) -> list[str]:
    """The networks of a site."""
    c = network_facilities.c
    return list(conn.scalars(select(c.network).where(c.site == site).distinct().order_by(c.network)))


def _rows(conn: Connection, table: Table, site: str, network: str) -> list[dict[str, Any]]:
    query = select(table).where(table.c.site == site, table.c.network == network).order_by(*table.primary_key)
    return [{name: value for name, value in row.items() if name != "site"} for row in conn.execute(query).mappings()]
