"""What maintenance works with: what each machine needs, crews, windows, spare parts and the production calendar of a site.

All of it comes from the upkeep file (`central/upkeep_file.py`), a site's rows at once. Hours of a week are
`{"days": ["mon", …], "from": "06:00", "to": "14:00"}` in the site's zone; an end at or before its begin is of the next day.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TypedDict, TypeVar

from sqlalchemy import Column, Connection, Float, Integer, String, Table, delete, insert, select

from central.store.metadata import metadata
from central.store.types import Instant, Json

upkeep_machines = Table(
    "upkeep_machines",
    metadata,
    Column("site", String, primary_key=True),
    Column("machine", String, primary_key=True),
    Column("asset_class", String, nullable=False),
    Column("in_service_since", Instant, nullable=False),
    Column("life_d", Float),
    Column("hours", Float, nullable=False),
    Column("skills", Json, nullable=False),
    Column("parts", Json, nullable=False),
    Column("breakdown_cost", Float, nullable=False),
    Column("renewal_cost", Float, nullable=False),
    Column("currency", String, nullable=False),
)

crews = Table(
    "crews",
    metadata,
    Column("site", String, primary_key=True),
    Column("crew", String, primary_key=True),
    Column("label", Json, nullable=False),
    Column("skills", Json, nullable=False),
    Column("shifts", Json, nullable=False),
    Column("overtime_per_h", Float, nullable=False),
)

maintenance_windows = Table(
    "maintenance_windows",
    metadata,
    Column("site", String, primary_key=True),
    Column("window", String, primary_key=True),
    Column("machines", Json),
    Column("hours", Json, nullable=False),
)

spare_parts = Table(
    "spare_parts",
    metadata,
    Column("site", String, primary_key=True),
    Column("part", String, primary_key=True),
    Column("label", Json, nullable=False),
    Column("on_hand", Integer, nullable=False),
    Column("lead_time_d", Float, nullable=False),
    Column("unit_cost", Float, nullable=False),
    Column("express_lead_time_d", Float),
    Column("express_cost", Float, nullable=False),
)

production_calendars = Table(
    "production_calendars",
    metadata,
    Column("site", String, primary_key=True),
    Column("zone", String, nullable=False),
    Column("hours", Json, nullable=False),
    Column("stop_cost_per_h", Float, nullable=False),
    Column("closed", Json, nullable=False),
    Column("busy", Json, nullable=False),
)


WeekHours = TypedDict("WeekHours", {"days": list[str], "from": str, "to": str})


@dataclass(frozen=True, kw_only=True)
class MachineUpkeep:
    """What one machine needs. life_d: the age in days that its maker lets one in two reach; hours: of one work order;
    parts: part → quantity; breakdown_cost: of failing by itself; renewal_cost: of what is replaced, in `currency`."""

    site: str
    machine: str
    asset_class: str
    in_service_since: datetime
    life_d: float | None
    hours: float
    skills: list[str]
    parts: dict[str, int]
    breakdown_cost: float
    renewal_cost: float
    currency: str


@dataclass(frozen=True, kw_only=True)
class Crew:
    """People who work together; overtime_per_h: what an hour outside of their shifts costs in addition."""

    site: str
    crew: str
    label: dict[str, str]
    skills: list[str]
    shifts: list[WeekHours]
    overtime_per_h: float = 0.0


@dataclass(frozen=True, kw_only=True)
class MaintenanceWindow:
    """When machines may be stopped; machines None: all of the site."""

    site: str
    window: str
    machines: list[str] | None
    hours: list[WeekHours]


@dataclass(frozen=True, kw_only=True)
class SparePart:
    """A part in the store room; more come after lead_time_d days, or after express_lead_time_d for express_cost each."""

    site: str
    part: str
    label: dict[str, str]
    on_hand: int
    lead_time_d: float
    unit_cost: float
    express_lead_time_d: float | None = None
    express_cost: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ProductionCalendar:
    """When a site produces, and what an hour of standing still costs then. closed, busy: dates (ISO) without production,
    and on which no machine may be stopped."""

    site: str
    zone: str = "UTC"
    hours: list[WeekHours] = field(default_factory=list)
    stop_cost_per_h: float = 0.0
    closed: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)


Record = MachineUpkeep | Crew | MaintenanceWindow | SparePart | ProductionCalendar
_TABLES: dict[type[Record], Table] = {
    MachineUpkeep: upkeep_machines,
    Crew: crews,
    MaintenanceWindow: maintenance_windows,
    SparePart: spare_parts,
    ProductionCalendar: production_calendars,
}
Kind = TypeVar("Kind", MachineUpkeep, Crew, MaintenanceWindow, SparePart, ProductionCalendar)


def replace_all(conn: Connection, site: str, records: Iterable[Record]) -> None:
    """Put these records of a site in place of all that were there."""
    for table in _TABLES.values():
        conn.execute(delete(table).where(table.c.site == site))
    for record in records:
        conn.execute(insert(_TABLES[type(record)]).values(asdict(record)))


def all_of(conn: Connection, kind: type[Kind], site: str) -> list[Kind]:
    """Every record of a kind at a site, by its key."""
    table = _TABLES[kind]
    query = select(table).where(table.c.site == site).order_by(*table.primary_key)
    return [kind(**row) for row in conn.execute(query).mappings()]
