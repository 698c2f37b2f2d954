"""What maintenance works with, of one site, as TOML: machines' needs, crews, windows, parts, the production calendar.

Read whole or not at all; it replaces what was loaded before. Keys are the fields below; `central/demo/upkeep.toml` is an
example, and docs/how-to/plan-maintenance.md says what each is for.
"""

import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from central.errors import HouseFileError
from central.store import upkeep
from central.store.upkeep import Record, WeekHours
from protocols.errors import BadIdentifier
from protocols.identity import checked_name

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _name(text: str) -> str:
    try:
        return checked_name(text, "the name")
    except BadIdentifier as error:
        raise ValueError(str(error)) from error


def _zone(text: str) -> str:
    try:
        return text if text == "UTC" else str(ZoneInfo(text))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone {text!r} is known here; use one like Europe/Berlin, or UTC") from error


def _labelled(label: object) -> object:
    return {"en": label} if isinstance(label, str) else label


Name = Annotated[str, AfterValidator(_name)]
Label = Annotated[dict[Literal["en", "zh_Hans"], str], BeforeValidator(_labelled), Field(min_length=1)]
Money = Annotated[float, Field(ge=0, le=1e9)]
Days = Annotated[float, Field(ge=0, le=3650)]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Hours(_Row):
    """Hours of a week; an end at or before its begin is of the next day."""

    days: Annotated[list[Day], Field(min_length=1)]
    begin: Clock = Field(alias="from")
    end: Clock = Field(alias="to")

    def stored(self) -> WeekHours:
        """As `central.store.upkeep` keeps them."""
        return {"days": list(self.days), "from": self.begin, "to": self.end}


class MachineRow(_Row):
    """`[[machines]]`: see MachineUpkeep."""

    id: Name
    asset_class: Name
    in_service_since: date
    life_d: Annotated[float, Field(gt=0, le=36_500)] | None = None
    hours: Annotated[float, Field(ge=0.25, le=168)]
    skills: list[Name] = []
    parts: dict[Name, Annotated[int, Field(ge=1, le=10_000)]] = {}
    breakdown_cost: Money
    renewal_cost: Money = 0.0


class CrewRow(_Row):
    """`[[crews]]`."""

    id: Name
    label: Label
    skills: list[Name] = []
    shifts: Annotated[list[Hours], Field(min_length=1)]
    overtime_per_h: Money = 0.0


class WindowRow(_Row):
    """`[[windows]]`: when machines may be stopped, all of them or those that are named."""

    id: Name
    machines: list[Name] | None = None
    hours: Annotated[list[Hours], Field(min_length=1)]


class PartRow(_Row):
    """`[[parts]]`."""

    id: Name
    label: Label
    on_hand: Annotated[int, Field(ge=0, le=10**6)] = 0
    lead_time_d: Days
    unit_cost: Money = 0.0
    express_lead_time_d: Days | None = None
    express_cost: Money = 0.0


class ProductionRow(_Row):
    """`[production]`: hours of a week with what an hour of standing still costs then; days that are unlike the others."""

    hours: list[Hours] = []
    stop_cost_per_h: Money = 0.0
    closed: list[date] = []
    busy: list[date] = []


class UpkeepFile(_Row):
    """The whole file."""

    site: Name
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    machines: list[MachineRow] = []
    crews: list[CrewRow] = []
    windows: list[WindowRow] = []
    parts: list[PartRow] = []
    production: ProductionRow = ProductionRow()

    def records(self) -> list[Record]:
        """The rows for the store."""
        made = self.production
        return [
            *(self._machine(row) for row in self.machines),
            *(self._crew(row) for row in self.crews),
            *(
                upkeep.MaintenanceWindow(site=self.site, window=w.id, machines=w.machines, hours=_hours(w.hours))
                for w in self.windows
            ),
            *(upkeep.SparePart(site=self.site, part=row.id, **row.model_dump(exclude={"id"})) for row in self.parts),
            upkeep.ProductionCalendar(
                site=self.site,
                zone=self.zone,
                hours=_hours(made.hours),
                stop_cost_per_h=made.stop_cost_per_h,
                closed=[day.isoformat() for day in made.closed],
                busy=[day.isoformat() for day in made.busy],
            ),
        ]

    def _machine(self, row: MachineRow) -> upkeep.MachineUpkeep:
        since = datetime.combine(row.in_service_since, time(), UTC)
        rest = row.model_dump(exclude={"id", "in_service_since"})
        return upkeep.MachineUpkeep(site=self.site, machine=row.id, in_service_since=since, currency=self.currency, **rest)

    def _crew(self, row: CrewRow) -> upkeep.Crew:
        rest = row.model_dump(exclude={"id", "shifts"})
        return upkeep.Crew(site=self.site, crew=row.id, shifts=_hours(row.shifts), **rest)


def read(path: Path) -> UpkeepFile:
    """The upkeep file in `path`. Raises HouseFileError with a line for each mistake: where it is and the remedy."""
    try:
        found = UpkeepFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise HouseFileError(str(path), (f"{error.strerror}; see central/demo/upkeep.toml for an example",)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise HouseFileError(str(path), (f"not TOML: {error}",)) from error
    except ValidationError as error:
        raise HouseFileError(str(path), tuple(_worded(problem) for problem in error.errors())) from error
    if problems := tuple(_contradictions(found)):
        raise HouseFileError(str(path), problems)
    return found


def _hours(rows: Iterable[Hours]) -> list[WeekHours]:
    return [row.stored() for row in rows]


def _worded(problem: Any) -> str:
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in problem["loc"])
    return f"{place or 'the file'}: {problem['msg']}"


def _contradictions(found: UpkeepFile) -> Iterator[str]:
    for table in ("machines", "crews", "windows", "parts"):
        names = [row.id for row in getattr(found, table)]
        yield from (
            f"[[{table}]] {name!r} stands there twice; keep one" for name in {n for n in names if names.count(n) > 1}
        )
    machines, parts = {row.id for row in found.machines}, {row.id for row in found.parts}
    skills = {skill for crew in found.crews for skill in crew.skills}
    for row in found.machines:
        yield from (f"[[machines]] {row.id!r}: part {part!r} is not in [[parts]]" for part in sorted(set(row.parts) - parts))
        yield from (
            f"[[machines]] {row.id!r}: no crew has the skill {skill!r}" for skill in sorted(set(row.skills) - skills)
        )
    for window in found.windows:
        strangers = sorted(set(window.machines or ()) - machines)
        yield from (f"[[windows]] {window.id!r}: machine {name!r} is not in [[machines]]" for name in strangers)
