"""How each device stands with its models: which tasks it has, what it runs, and the counters of its health."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, RowMapping, select

from central.store.devices import devices
from protocols.messages.device import Birth, Health, Reported
from protocols.messages.model_release import ModelState

Said = TypeVar("Said", Birth, Health, Reported)


@dataclass(frozen=True)
class Counters:
    """Samples looked at, dropped ones and failures of tasks, since the device's boot."""

    samples: int = 0
    dropped: int = 0
    task_errors: int = 0


@dataclass(frozen=True)
class Standing:
    """One device that may speak; None for what it never said."""

    device: str
    site: str
    label: str
    is_online: bool
    heard_at: datetime | None
    birth: Birth | None
    health: Health | None
    reported: Reported | None

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of its tasks."""
        return frozenset(task.kind for task in self.birth.tasks) if self.birth else frozenset()

    @property
    def boot(self) -> str | None:
        """The boot its counters are of."""
        return self.health.boot if self.health else None

    def state(self, kind: str) -> ModelState | None:
        """What it says of the model of a kind."""
        return self.reported.models.get(kind) if self.reported else None

    def model(self, kind: str) -> str | None:
        """The model that runs: as reported of a released one, else as announced at its birth."""
        said = self.state(kind)
        if said is not None and said.model is not None:
            return said.model
        announced = [task.model for task in (self.birth.tasks if self.birth else ()) if task.kind == kind and task.model]
        return announced[0] if announced else None

    def counters(self, kind: str) -> Counters:
        """Of the sources that have a task of that kind."""
        sources = {task.source for task in (self.birth.tasks if self.birth else ()) if task.kind == kind}
        mine = [source for source in (self.health.sources if self.health else ()) if source.id in sources]
        return Counters(
            sum(source.samples for source in mine),
            sum(source.dropped for source in mine),
            sum(source.task_errors for source in mine),
        )


def standings(conn: Connection, site: str | None = None) -> Mapping[str, Standing]:
    """Every device that may speak, at a site or at all, by name."""
    columns = [devices.c[name] for name in ("device", "site", "label", "online", "heard_at", "birth", "health", "reported")]
    rows = select(*columns).where(devices.c.revoked_at.is_(None)).order_by(devices.c.device)
    if site is not None:
        rows = rows.where(devices.c.site == site)
    return {row["device"]: _standing(row) for row in conn.execute(rows).mappings()}


def _standing(row: RowMapping) -> Standing:
    return Standing(
        device=row["device"],
        site=row["site"],
        label=row["label"],
        is_online=row["online"],
        heard_at=row["heard_at"],
        birth=_said(Birth, row["birth"]),
        health=_said(Health, row["health"]),
        reported=_said(Reported, row["reported"]),
    )


def _said(kind: type[Said], words: object) -> Said | None:
    """What a device said, None when it said nothing or an older version wrote it down otherwise."""
    try:
        return None if words is None else msgspec.convert(words, kind, strict=False)
    except msgspec.ValidationError:
        return None
