"""Commands: what the centre asks a device to do once, and how the device answers.

A command is idempotent by its id: a device remembers the last 200 and answers a repeated one as it answered before.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from protocols.envelope import Boot, Instant
from protocols.identity import Name

CommandId = Annotated[str, Meta(min_length=36, max_length=36, description="UUIDv7; also the correlation data.")]
Action = Literal["take_picture", "recount", "reject_part", "stop_conveyor", "reload_model", "send_logs"]


class Command(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Signed by the centre. Not begun after `expires_at`; `confirmed_by` names the person where an action needs one."""

    id: CommandId
    action: Action
    issued_at: Instant
    expires_at: Instant
    source: Name | None = None
    arguments: dict[str, Any] = {}
    confirmed_by: Annotated[str, Meta(max_length=80)] | None = None


class Reply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a command has come. `progress` is 0 to 1; `result` what it brought; `why` is for people."""

    command: CommandId
    boot: Boot
    state: Literal["accepted", "running", "done", "failed", "expired", "refused"]
    at: Instant
    progress: Annotated[float, Meta(ge=0, le=1)] | None = None
    result: dict[str, Any] = {}
    why: Annotated[str, Meta(max_length=400)] | None = None
