"""An alarm as integrators hear of it: its state after each change."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from protocols.envelope import Instant
from protocols.identity import Name

AlarmState = Literal[
    "normal", "unacknowledged", "acknowledged", "returned", "latched", "shelved", "suppressed_by_design", "out_of_service"
]


class AlarmChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """States are those of ISA-18.2. `thing` is the machine or device, `rule` what fired, `priority` 1 (now) to 4.

    what: raised, cleared, acknowledged, reset, shelved, unshelved, expired, suppressed, out_of_service, in_service;
    who: the person.
    """

    alarm: Annotated[str, Meta(max_length=160)]
    thing: Name
    rule: Annotated[str, Meta(max_length=48)]
    state: AlarmState
    priority: Annotated[int, Meta(ge=1, le=4)]
    what: Annotated[str, Meta(max_length=32)]
    at: Instant
    since: Instant | None = None
    shelved_until: Instant | None = None
    who: str | None = None
    reason: str | None = None
