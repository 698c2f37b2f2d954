"""Commands: what the centre asks a device to do once, and how the device answers.

A command is idempotent by its id: a device remembers the last 200 and answers a repeated one as it answered before.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from protocols.envelope import LARGEST, Boot, Instant
from protocols.identity import Name

CommandId = Annotated[str, Meta(min_length=36, max_length=36, description="UUIDv7; also the correlation data.")]
Action = Literal["take_picture", "recount", "reject_part", "stop_conveyor", "reload_model", "send_logs", "teach"]


class Command(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Signed by the centre, for one `device`. Not begun after `expires_at`, given up `timeout_s` after it was begun.

    `source`: the source or actuator that it is about; `confirmed_by` names the person where an action needs one.
    """

    id: CommandId
    device: Name
    action: Action
    issued_at: Instant
    expires_at: Instant
    timeout_s: Annotated[float, Meta(gt=0, le=3600)] = 30.0
    source: Name | None = None
    arguments: dict[str, Any] = {}
    confirmed_by: Annotated[str, Meta(max_length=80)] | None = None


class CommandResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a command brought that no reply can hold: the picture or the log lines are the evidence of this event."""

    command: CommandId
    action: Action
    source: Name | None = None


class Reply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a command has come. `progress` is 0 to 1; `result` what it brought; `why` is for people.

    `number` counts the replies of a device: it keeps each until the acknowledgement names its number.
    """

    command: CommandId
    number: Annotated[int, Meta(ge=1, le=LARGEST)]
    boot: Boot
    state: Literal["accepted", "running", "done", "failed", "expired", "refused"]
    at: Instant
    progress: Annotated[float, Meta(ge=0, le=1)] | None = None
    result: dict[str, Any] = {}
    why: Annotated[str, Meta(max_length=400)] | None = None
