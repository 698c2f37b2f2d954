"""How each machine is, by its newest condition."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Join, RowMapping, Select, Table, and_, select

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
    def strain(self) -> float:
        """How far it has come to its limit: 1 there, 0 where nothing is known."""
        return self.score / self.limit if self.score is not None and self.limit else 0.0

    @property
    def worst(self) -> dict[str, object] | None:
        """The channel that says so most clearly."""
        return self.channels[0] if self.channels else None


def all_machines(conn: Connection, site: str) -> list[MachineState]:
    """Every machine of a site, and those that a device speaks of though the house file does not.

    Those in trouble first, then those that come nearest to their limit.
    """
    rows = [*conn.execute(_planned(site)).mappings(), *conn.execute(_unplanned(site)).mappings()]
    return sorted(
        (_state(row) for row in rows), key=lambda machine: (_rank(machine.condition), -machine.strain, machine.machine)
    )


def machine_named(conn: Connection, site: str, name: str) -> MachineState | None:
    """The machine of that name, if anything is known of it."""
    row = conn.execute(_planned(site).where(machines.c.machine == name)).mappings().first()
    row = row or conn.execute(_unplanned(site).where(conditions.c.machine == name)).mappings().first()
    return None if row is None else _state(row)


def _rank(condition: str | None) -> int:
    return TROUBLE.index(condition) if condition in TROUBLE else len(TROUBLE)


_SAID = [c for c in conditions.c if c.name in MachineState.__dataclass_fields__ and c.name != "machine"]


def _joined(left: Table, right: Table) -> Join:
    return left.outerjoin(right, and_(conditions.c.site == machines.c.site, conditions.c.machine == machines.c.machine))


def _planned(site: str) -> Select[*tuple[object, ...]]:
    own = (machines.c.machine, machines.c.label, machines.c.profile)
    return select(*own, *_SAID).select_from(_joined(machines, conditions)).where(machines.c.site == site)


def _unplanned(site: str) -> Select[*tuple[object, ...]]:
    own = (conditions.c.machine, machines.c.label, machines.c.profile)
    strangers = _joined(conditions, machines)
    return select(*own, *_SAID).select_from(strangers).where(conditions.c.site == site, machines.c.machine.is_(None))


def _state(row: RowMapping) -> MachineState:
    return MachineState(**{**row, "label": row["label"] or {}})
