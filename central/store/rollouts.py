"""Rollouts of model releases: how far each has come, which devices it reached, what each gate measured."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Boolean, Column, Connection, Float, ForeignKey, Integer, String, Table, insert, select, update

from central.store.metadata import metadata
from central.store.types import Instant, Json

Phase = Literal["measuring", "soaking", "done", "failed", "stopped", "rolled_back"]
OPEN: tuple[Phase, ...] = ("measuring", "soaking")
Gate = Literal["accuracy", "health"]

rollouts = Table(
    "rollouts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String),  # NULL: every site
    Column("kind", String, nullable=False),
    Column("sha256", String, ForeignKey("releases.sha256"), nullable=False),
    Column("model", String, nullable=False),
    Column("baseline", String),  # hash of the release that ran before; NULL: what ships with the program
    Column("canary", String, nullable=False),
    Column("soak_s", Float, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("phase", String, nullable=False),
    Column("stage_began_at", Instant, nullable=False),
    Column("why", String),  # code of what ended it
    Column("detail", String),  # for people, beside the code
    Column("begun_by", String, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("ended_at", Instant),
    sqlite_autoincrement=True,
)

rollout_devices = Table(
    "rollout_devices",
    metadata,
    Column("rollout", Integer, ForeignKey("rollouts.id"), primary_key=True),
    Column("device", String, ForeignKey("devices.device"), primary_key=True),
    Column("stage", Integer, nullable=False),
    Column("before", Json),  # protocols.messages.model_release.ModelRelease that its twin named before; NULL: none
    Column("running_since", Instant),
    Column("boot", String),
    Column("samples", Integer, nullable=False),  # counters of its health when it was first seen to run the new model
    Column("dropped", Integer, nullable=False),
    Column("task_errors", Integer, nullable=False),
)

rollout_gates = Table(
    "rollout_gates",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rollout", Integer, ForeignKey("rollouts.id"), nullable=False, index=True),
    Column("stage", Integer, nullable=False),
    Column("gate", String, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("figures", Json, nullable=False),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """A row of `rollouts`."""

    id: int
    site: str | None
    kind: str
    sha256: str
    model: str
    baseline: str | None
    canary: str
    soak_s: float
    stage: int
    phase: Phase
    stage_began_at: datetime
    why: str | None
    detail: str | None
    begun_by: str
    begun_at: datetime
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it still goes on."""
        return self.phase in OPEN


@dataclass(frozen=True, kw_only=True)
class Member:
    """A row of `rollout_devices`."""

    rollout: int
    device: str
    stage: int
    before: dict[str, Any] | None
    running_since: datetime | None = None
    boot: str | None = None
    samples: int = 0
    dropped: int = 0
    task_errors: int = 0


@dataclass(frozen=True, kw_only=True)
class GateRow:
    """What a gate of a stage measured."""

    stage: int
    gate: Gate
    passed: bool
    at: datetime
    figures: dict[str, Any]


def begin(conn: Connection, values: Rollout) -> int:
    """A new rollout; its id is handed out here."""
    row = asdict(values)
    del row["id"]
    return int(conn.execute(insert(rollouts).values(row).returning(rollouts.c.id)).scalar_one())


def get(conn: Connection, number: int) -> Rollout | None:
    """The rollout of that number."""
    row = conn.execute(select(rollouts).where(rollouts.c.id == number)).mappings().one_or_none()
    return None if row is None else Rollout(**row)


def open_ones(conn: Connection) -> list[Rollout]:
    """Rollouts that go on, oldest first."""
    rows = conn.execute(select(rollouts).where(rollouts.c.phase.in_(OPEN)).order_by(rollouts.c.id))
    return [Rollout(**row) for row in rows.mappings()]


def newest(conn: Connection, most: int = 20) -> list[Rollout]:
    """The last ones, newest first."""
    rows = conn.execute(select(rollouts).order_by(rollouts.c.id.desc()).limit(most))
    return [Rollout(**row) for row in rows.mappings()]


def move(conn: Connection, number: int, **values: str | int | datetime | None) -> None:
    """Change any columns of a rollout."""
    conn.execute(update(rollouts).where(rollouts.c.id == number).values(**values))


def add_members(conn: Connection, members: Sequence[Member]) -> None:
    """Devices that the rollout reaches now."""
    if members:
        conn.execute(insert(rollout_devices), [asdict(member) for member in members])


def members(conn: Connection, number: int) -> list[Member]:
    """The devices of a rollout by stage and name."""
    order = (rollout_devices.c.stage, rollout_devices.c.device)
    rows = conn.execute(select(rollout_devices).where(rollout_devices.c.rollout == number).order_by(*order))
    return [Member(**row) for row in rows.mappings()]


def put_member(conn: Connection, member: Member) -> None:
    """Overwrite what is known of a device in a rollout."""
    mine = (rollout_devices.c.rollout == member.rollout) & (rollout_devices.c.device == member.device)
    conn.execute(update(rollout_devices).where(mine).values(asdict(member)))


def add_gate(conn: Connection, number: int, gate: GateRow) -> None:
    """What a gate measured."""
    conn.execute(insert(rollout_gates).values(rollout=number, **asdict(gate)))


def gates(conn: Connection, number: int) -> list[GateRow]:
    """What the gates of a rollout measured, oldest first."""
    columns = [rollout_gates.c[name] for name in GateRow.__dataclass_fields__]
    rows = conn.execute(select(*columns).where(rollout_gates.c.rollout == number).order_by(rollout_gates.c.id))
    return [GateRow(**row) for row in rows.mappings()]
