"""How each machine is, by its newest condition."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, and_, select

from central.store.catalogue import machines
from central.store.conditions import conditions

TROUBLE = ("alarm", "warning", "sensor")


@dataclass(frozen=True, kw_only=True)
class MachineState:
    """One machine; all but its name is None until a device has spoken of it."""

    machine: str
    label: dict[str, str]
    profile: str | None
    condition: str | None
    operating_state: str | None
    score: float | None
    limit: float | None
    learned: float | None
    rule: str | None
    since: datetime | None
    channels: list[dict[str, object]] | None
    device: str | None
    sequence: int | None
    as_of: datetime | None

    @property
    def is_in_trouble(self) -> bool:
        """Whether it, or one of its sensors, does not behave as learned."""
        return self.condition in TROUBLE

    @property
    def worst(self) -> dict[str, object] | None:
        """The channel that says so most clearly."""
        return self.channels[0] if self.channels else None


def all_machines(conn: Connection, site: str) -> list[MachineState]:
    """Every machine of a site, those in trouble first."""
    found = [MachineState(**row) for row in conn.execute(_states(site)).mappings()]
    return sorted(found, key=lambda machine: (_rank(machine.condition), machine.machine))


def machine_named(conn: Connection, site: str, name: str) -> MachineState | None:
    """The machine of that name, if there is one."""
    row = conn.execute(_states(site).where(machines.c.machine == name)).mappings().first()
    return None if row is None else MachineState(**row)


def _rank(condition: str | None) -> int:
    return TROUBLE.index(condition) if condition in TROUBLE else len(TROUBLE)


def _states(site: str) -> Select[*tuple[object, ...]]:
    same = and_(conditions.c.site == machines.c.site, conditions.c.machine == machines.c.machine)
    own = (machines.c.machine, machines.c.label, machines.c.profile)
    said = [
        column for column in conditions.c if column.name in MachineState.__dataclass_fields__ and column.name != "machine"
    ]
    return select(*own, *said).select_from(machines.outerjoin(conditions, same)).where(machines.c.site == site)
