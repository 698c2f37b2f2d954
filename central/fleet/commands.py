"""Commands to devices: given, confirmed, cancelled, followed by their replies, and ended when nobody answers.

A command is said again until its device answers, which has no second effect: a device knows what it has been asked. What
the device says of it counts more than what the centre made of its silence, however late it comes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from secrets import token_bytes
from types import MappingProxyType
from typing import Any, cast, get_args

import msgspec
from sqlalchemy import Connection

from central.errors import CommandRefused, DeviceError
from central.fleet import twin
from central.store import audit, changes, commands, devices
from central.store.audit import Deed
from central.store.commands import CommandRow, ReplyRow
from protocols.codec import encode, wire_time
from protocols.identity import uuid7
from protocols.messages.command import Action, Command, Reply

ACTIONS: tuple[str, ...] = get_args(Action)
NEED_CONFIRMATION = frozenset({"stop_conveyor"})
CONFIRM_WITHIN = timedelta(minutes=2)
SILENCE = timedelta(seconds=10)  # between a command's end and the end of hope: an answer takes its time
TTL_S, LONGEST_TTL_S = 60.0, 3600.0
TIMEOUT_S, LONGEST_TIMEOUT_S = 30.0, 3600.0
USUAL_TIMEOUTS_S: Mapping[str, float] = MappingProxyType({"teach": 3600.0})  # parts take their time to come
MOST_ARGUMENT_BYTES = 4_000
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Wish:
    """What a device should do once. source: the camera, machine or actuator, which may be left out where there is one."""

    device: str
    action: str
    source: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    ttl_s: float = TTL_S
    timeout_s: float | None = None

    @property
    def may_take_s(self) -> float:
        """Seconds that it may take: as wished, else as usual for the action."""
        return self.timeout_s if self.timeout_s is not None else USUAL_TIMEOUTS_S.get(self.action, TIMEOUT_S)


def issue(conn: Connection, wish: Wish, who: str, now: datetime) -> CommandRow:
    """Give a command; one that needs a person to confirm it waits for that. Raises DeviceError, CommandRefused."""
    _refuse_absurd(wish)
    source = _target(conn, wish)
    is_unconfirmed = wish.action in NEED_CONFIRMATION
    command = CommandRow(
        id=str(uuid7(int(now.timestamp() * 1000), token_bytes(10))),
        device=wish.device,
        action=wish.action,
        source=source,
        arguments=dict(wish.arguments),
        issued_by=who,
        issued_at=wire_time(now),
        ttl_s=wish.ttl_s,
        expires_at=wire_time(now + (CONFIRM_WITHIN if is_unconfirmed else timedelta(seconds=wish.ttl_s))),
        timeout_s=wish.may_take_s,
        confirmed_by=None,
        state="unconfirmed" if is_unconfirmed else "waiting",
        updated_at=now,
    )
    commands.add(conn, command)
    said = {"action": command.action, "source": source, "arguments": command.arguments}
    _note(conn, command, Deed(who=who, action="command.issued", thing=f"command/{command.id}", after=said), now)
    return command


def confirm(conn: Connection, command_id: str, person: str, now: datetime) -> CommandRow:
    """A person stands up for a command that needs it; from now on it is said. Raises CommandRefused."""
    command = of(conn, command_id)
    if command.state != "unconfirmed" or now > command.expires_at:
        raise CommandRefused(f"command {command_id} is {command.state}; it can no longer be confirmed: give it again")
    expires_at = wire_time(now + timedelta(seconds=command.ttl_s))
    confirmed = replace(command, state="waiting", confirmed_by=person, expires_at=expires_at, updated_at=now)
    commands.change(conn, command_id, state="waiting", confirmed_by=person, expires_at=expires_at, updated_at=now)
    _note(conn, command, Deed(who=person, action="command.confirmed", thing=f"command/{command_id}"), now)
    return confirmed


def cancel(conn: Connection, command_id: str, who: str, now: datetime) -> CommandRow:
    """Take back a command that no device has taken yet. Raises CommandRefused."""
    command = of(conn, command_id)
    if command.state not in {"unconfirmed", "waiting"}:
        raise CommandRefused(f"command {command_id} is {command.state}: the device has it, it cannot be taken back")
    commands.change(conn, command_id, state="cancelled", updated_at=now)
    _note(conn, command, Deed(who=who, action="command.cancelled", thing=f"command/{command_id}"), now)
    return replace(command, state="cancelled", updated_at=now)


def of(conn: Connection, command_id: str) -> CommandRow:
    """The command of that id. Raises CommandRefused."""
    command = commands.get(conn, command_id)
    if command is None:
        raise CommandRefused(f"there is no command {command_id}")
    return command


def follow(conn: Connection, device: str, reply: Reply, now: datetime) -> bool:
    """Keep what a device answered; whether this device was ever given that command."""
    command = commands.get(conn, reply.command)
    if command is None or command.device != device:
        return False
    row = ReplyRow(
        command=reply.command,
        number=reply.number,
        boot=reply.boot,
        state=reply.state,
        at=reply.at,
        progress=reply.progress,
        result=reply.result,
        why=reply.why,
        received_at=now,
    )
    if commands.add_reply(conn, row) and reply.number > command.last_reply:
        newest = {"state": reply.state, "progress": reply.progress, "result": reply.result or None, "why": reply.why}
        commands.change(conn, reply.command, last_reply=reply.number, updated_at=now, **newest)
        site = devices.get(conn, device)
        changes.log(conn, site.site if site else "", "command", device, now)
    return True


def sweep(conn: Connection, now: datetime) -> int:
    """End the commands of which nothing is to be hoped for any more; how many."""
    over = [command for command in commands.still_open(conn) if is_over(command, now)]
    for command in over:
        state = {"unconfirmed": "cancelled", "waiting": "expired"}.get(command.state, "timed_out")
        commands.change(conn, command.id, state=state, updated_at=now)
        site = devices.get(conn, command.device)
        changes.log(conn, site.site if site else "", "command", command.device, now)
    return len(over)


def is_over(command: CommandRow, now: datetime) -> bool:
    """Whether an open command has had its time: to be confirmed, to be begun, or to be carried out."""
    if command.state == "unconfirmed":
        return now > command.expires_at
    if command.state == "waiting":
        return now > command.expires_at + SILENCE
    return now > command.expires_at + timedelta(seconds=command.timeout_s) + SILENCE


def message(command: CommandRow) -> bytes:
    """The command as it is said."""
    return encode(
        Command(
            id=command.id,
            device=command.device,
            action=cast(Action, command.action),
            issued_at=command.issued_at,
            expires_at=command.expires_at,
            timeout_s=command.timeout_s,
            source=command.source,
            arguments=command.arguments,
            confirmed_by=command.confirmed_by,
        )
    )


def _refuse_absurd(wish: Wish) -> None:
    if wish.action not in ACTIONS:
        raise CommandRefused(f"there is no action {wish.action!r}; choose among {', '.join(ACTIONS)}")
    if not 1 <= wish.ttl_s <= LONGEST_TTL_S or not 1 <= wish.may_take_s <= LONGEST_TIMEOUT_S:
        raise CommandRefused(f"a command waits 1 to {LONGEST_TTL_S:g} s and takes 1 to {LONGEST_TIMEOUT_S:g} s")
    if len(msgspec.json.encode(wish.arguments)) > MOST_ARGUMENT_BYTES:
        raise CommandRefused(f"the arguments are larger than {MOST_ARGUMENT_BYTES} bytes")


def _target(conn: Connection, wish: Wish) -> str | None:
    """What the command is about, chosen where there is no choice."""
    device = devices.get(conn, wish.device)
    if device is None or device.revoked_at is not None:
        raise DeviceError(f"no device {wish.device!r} may speak; `tallyhouse device list` shows those that do")
    birth = twin.announced(conn, wish.device)
    able = birth.actions if birth else {}
    if wish.action not in able:
        there = ", ".join(sorted(able)) or "nothing: it has never been connected, or its software is too old"
        raise CommandRefused(f"{wish.device} cannot {wish.action}; it can: {there}")
    targets = able[wish.action]
    if wish.source is None and len(targets) <= 1:
        return next(iter(targets), None)
    if wish.source not in targets:
        raise CommandRefused(f"{wish.action} on {wish.device} needs one of: {', '.join(targets) or 'no source'}")
    return wish.source


def _note(conn: Connection, command: CommandRow, deed: Deed, now: datetime) -> None:
    audit.record(conn, deed, now)
    site = devices.get(conn, command.device)
    changes.log(conn, site.site if site else "", "command", command.device, now)
