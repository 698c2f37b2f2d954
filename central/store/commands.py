"""Commands to devices, and every reply that came: who wanted what, how far it has come, what it brought."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    delete,
    insert,
    select,
    text,
    update,
)

from central.store.metadata import metadata
from central.store.types import Instant, Json

State = Literal[
    "unconfirmed", "waiting", "accepted", "running", "done", "failed", "expired", "refused", "cancelled", "timed_out"
]
OPEN: tuple[State, ...] = ("unconfirmed", "waiting", "accepted", "running")

commands = Table(
    "commands",
    metadata,
    Column("id", String, primary_key=True),  # UUIDv7
    Column("device", String, ForeignKey("devices.device"), nullable=False),
    Column("action", String, nullable=False),
    Column("source", String),
    Column("arguments", Json, nullable=False),
    Column("issued_by", String, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("ttl_s", Float, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("timeout_s", Float, nullable=False),
    Column("confirmed_by", String),
    Column("state", String, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("last_reply", Integer, nullable=False, default=0),  # the number of the newest reply; 0: none came
    Column("progress", Float),
    Column("result", Json),
    Column("why", String),
    Index("ix_commands_device_issued_at", "device", "issued_at"),
    Index(
        "ix_commands_open",
        "expires_at",
        sqlite_where=text("state IN ('unconfirmed', 'waiting', 'accepted', 'running')"),
    ),
)

command_replies = Table(
    "command_replies",
    metadata,
    Column("command", String, ForeignKey("commands.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("boot", String, nullable=False),
    Column("state", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("progress", Float),
    Column("result", Json),
    Column("why", String),
    Column("received_at", Instant, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class CommandRow:
    """A row of `commands`. ttl_s: how long it may wait; timeout_s: how long it may take once it is begun."""

    id: str
    device: str
    action: str
    source: str | None
    arguments: dict[str, Any]
    issued_by: str
    issued_at: datetime
    ttl_s: float
    expires_at: datetime
    timeout_s: float
    confirmed_by: str | None
    state: State
    updated_at: datetime
    last_reply: int = 0
    progress: float | None = None
    result: dict[str, Any] | None = None
    why: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything is still to be expected of it."""
        return self.state in OPEN


@dataclass(frozen=True, kw_only=True)
class ReplyRow:
    """A row of `command_replies`, as the device said it."""

    command: str
    number: int
    boot: str
    state: State
    at: datetime
    progress: float | None
    result: dict[str, Any] | None
    why: str | None
    received_at: datetime


def add(conn: Connection, command: CommandRow) -> None:
    """A new command."""
    conn.execute(insert(commands).values(asdict(command)))


def get(conn: Connection, command_id: str) -> CommandRow | None:
    """The command of that id."""
    row = conn.execute(select(commands).where(commands.c.id == command_id)).mappings().one_or_none()
    return None if row is None else CommandRow(**row)


def of_device(conn: Connection, device: str, most: int) -> list[CommandRow]:
    """The newest commands to a device, newest first."""
    mine = select(commands).where(commands.c.device == device).order_by(commands.c.issued_at.desc(), commands.c.id.desc())
    return [CommandRow(**row) for row in conn.execute(mine.limit(most)).mappings()]


def still_open(conn: Connection) -> list[CommandRow]:
    """Every command of which anything is still to be expected, oldest first."""
    found = select(commands).where(commands.c.state.in_(OPEN)).order_by(commands.c.id)
    return [CommandRow(**row) for row in conn.execute(found).mappings()]


def change(conn: Connection, command_id: str, **values: object) -> None:
    """Overwrite columns of one command."""
    conn.execute(update(commands).where(commands.c.id == command_id).values(values))


def add_reply(conn: Connection, reply: ReplyRow) -> bool:
    """Keep a reply; False when it is here already."""
    row = insert(command_replies).prefix_with("OR IGNORE").values(asdict(reply))
    return conn.execute(row).rowcount == 1


def forget(conn: Connection, before: datetime, most: int) -> int:
    """Remove the oldest that ended before then, with their replies; how many."""
    c = commands.c
    old = select(c.id).where(c.state.not_in(OPEN), c.updated_at < before).order_by(c.updated_at).limit(most)
    ended = list(conn.scalars(old))
    conn.execute(delete(command_replies).where(command_replies.c.command.in_(ended)))
    conn.execute(delete(commands).where(c.id.in_(ended)))
    return len(ended)


def replies_of(conn: Connection, command_id: str) -> Sequence[ReplyRow]:
    """All replies to a command, in the order in which they were given."""
    mine = select(command_replies).where(command_replies.c.command == command_id).order_by(command_replies.c.number)
    return [ReplyRow(**row) for row in conn.execute(mine).mappings()]
