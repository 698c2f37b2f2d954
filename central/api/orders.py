"""What is asked of a device: for good (its desired settings) and once (commands), each with how far it has come."""

from datetime import datetime
from typing import Any

import msgspec
from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from central.api import nouns
from central.api.access import caller, needs
from central.api.answers import Answer, Moment, answer
from central.api.problems import Problem
from central.fleet import commands, twin
from central.fleet.commands import LONGEST_TIMEOUT_S, LONGEST_TTL_S, TTL_S, Wish
from central.parts import parts
from central.store import commands as orders
from central.store import devices, twins
from central.store.commands import CommandRow

blueprint = nouns.blueprint_for("devices", "orders")
MOST_COMMANDS = 100


class DevicePath(BaseModel):
    """A device of the token's site."""

    device: str = Field(max_length=32)


class CommandPath(DevicePath):
    """A command to it."""

    command: str = Field(max_length=36)


class DesiredBody(BaseModel, extra="forbid"):
    """`settings`: source/kind of a task → its settings, whole; null: as the device's own file has them. What is not named
    stays. `version`: refused with 409 unless it is the present one."""

    settings: dict[str, dict[str, Any] | None] = Field(max_length=64)
    version: int | None = None


class DesiredShape(Answer, frozen=True):
    """`state`: own (nothing is wanted), pending, applied, or refused: the device took not all of it, see `reported`."""

    device: str
    version: int
    state: str
    settings: dict[str, dict[str, Any]]
    models: dict[str, dict[str, Any]]
    changed_by: str | None
    changed_at: Moment | None
    reported: dict[str, Any] | None


class CommandBody(BaseModel, extra="forbid"):
    """`source`: the camera, machine or actuator, needed where the device has several."""

    action: str = Field(max_length=32)
    source: str | None = Field(None, max_length=32)
    arguments: dict[str, Any] = Field(default_factory=dict)
    ttl_s: float = Field(TTL_S, ge=1, le=LONGEST_TTL_S)
    timeout_s: float | None = Field(None, ge=1, le=LONGEST_TIMEOUT_S)


class ConfirmBody(BaseModel, extra="forbid"):
    """The person who stands up for it."""

    confirmed_by: str = Field(min_length=1, max_length=80)


class CommandShape(Answer, frozen=True):
    """`state`: unconfirmed, waiting, accepted, running, done, failed, expired, refused, cancelled, timed_out."""

    id: str
    device: str
    action: str
    source: str | None
    arguments: dict[str, Any]
    state: str
    issued_by: str
    issued_at: Moment
    expires_at: Moment
    confirmed_by: str | None
    progress: float | None
    result: dict[str, Any] | None
    why: str | None
    updated_at: Moment


class CommandsShape(Answer, frozen=True):
    """Newest first."""

    items: list[CommandShape]


@blueprint.get("/<device>/desired", summary="What a device should do, and what it does", responses={200: DesiredShape})
@needs("devices:read")
def desired(path: DevicePath) -> Response:
    """The desired twin with the reported one."""
    with parts().reading() as conn:
        _known(conn, path.device)
        return answer(_desired(conn, path.device))


@blueprint.put("/<device>/desired", summary="Change what a device should do", responses={200: DesiredShape})
@needs("devices:write")
def change(path: DevicePath, body: DesiredBody) -> Response:
    """Checked against the schemas the device announced; it is told within a second and applies them while it runs."""
    with parts().writing() as conn:
        _known(conn, path.device)
        present = twins.get(conn, path.device).version
        if body.version not in {None, present}:
            raise Problem(409, "changed-meanwhile", f"The twin is at version {present}: look at it again.")
        twin.change(conn, path.device, settings=body.settings, who=f"token {caller().name}", now=parts().now())
        return answer(_desired(conn, path.device))


@blueprint.post("/<device>/commands", summary="Command a device", responses={201: CommandShape})
@needs("devices:command")
def command(path: DevicePath, body: CommandBody) -> Response:
    """Done at most once. `stop_conveyor` stays unconfirmed, and unsaid, until a person confirms it."""
    wish = Wish(path.device, body.action, body.source, body.arguments, body.ttl_s, body.timeout_s)
    with parts().writing() as conn:
        _known(conn, path.device)
        return answer(_shape(commands.issue(conn, wish, f"token {caller().name}", parts().now())), 201)


@blueprint.get("/<device>/commands", summary="The newest commands to a device", responses={200: CommandsShape})
@needs("devices:read")
def newest(path: DevicePath) -> Response:
    """At most a hundred."""
    with parts().reading() as conn:
        _known(conn, path.device)
        return answer(CommandsShape(items=[_shape(row) for row in orders.of_device(conn, path.device, MOST_COMMANDS)]))


@blueprint.get("/<device>/commands/<command>", summary="How far a command has come", responses={200: CommandShape})
@needs("devices:read")
def one(path: CommandPath) -> Response:
    """Ask again until `state` is none of unconfirmed, waiting, accepted, running."""
    with parts().reading() as conn:
        return answer(_shape(_given(conn, path)))


@blueprint.post("/<device>/commands/<command>/confirm", summary="A person confirms a command", responses={200: CommandShape})
@needs("devices:command")
def confirm(path: CommandPath, body: ConfirmBody) -> Response:
    """Within two minutes; from now on the command is said."""
    with parts().writing() as conn:
        _given(conn, path)
        return answer(_shape(commands.confirm(conn, path.command, body.confirmed_by, parts().now())))


@blueprint.delete("/<device>/commands/<command>", summary="Take a command back", responses={200: CommandShape})
@needs("devices:command")
def cancel(path: CommandPath) -> Response:
    """Only while no device has taken it."""
    with parts().writing() as conn:
        _given(conn, path)
        return answer(_shape(commands.cancel(conn, path.command, f"token {caller().name}", parts().now())))


def _known(conn: Connection, name: str) -> None:
    device = devices.get(conn, name)
    if device is None or device.revoked_at is not None or device.site != caller().site:
        raise Problem(404, "not-found", f"No device {name} may speak at site {caller().site}.")


def _given(conn: Connection, path: CommandPath) -> CommandRow:
    _known(conn, path.device)
    found = orders.get(conn, path.command)
    if found is None or found.device != path.device:
        raise Problem(404, "not-found", f"No command {path.command} was given to {path.device}.")
    return found


def _desired(conn: Connection, name: str) -> DesiredShape:
    wanted, said = twins.get(conn, name), twin.reported(conn, name)
    moment: datetime | None = wanted.changed_at
    return DesiredShape(
        device=name,
        version=wanted.version,
        state=twin.state_of(wanted, said),
        settings=wanted.settings,
        models=wanted.models,
        changed_by=wanted.changed_by,
        changed_at=moment,
        reported=None if said is None else msgspec.to_builtins(said),
    )


def _shape(row: CommandRow) -> CommandShape:
    return CommandShape(**{name: getattr(row, name) for name in CommandShape.model_fields})
