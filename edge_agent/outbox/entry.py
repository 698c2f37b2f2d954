"""An event before it has a sequence, with the evidence behind it."""

import os
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256

import msgspec

from edge_agent.clock import DeviceClock, Stamp
from protocols.codec import encode, wire_time
from protocols.envelope import Clock, Event
from protocols.identity import uuid7
from protocols.messages.evidence import MediaType
from protocols.messages.registry import EventData, kind_of


@dataclass(frozen=True)
class Attachment:
    """The picture or stretch behind one event: bytes as they will be sent, named by their hash."""

    media_type: MediaType
    taken_at: datetime
    content: bytes

    @cached_property
    def name(self) -> str:
        """`sha256:` and the hash in hex."""
        return f"sha256:{sha256(self.content).hexdigest()}"


@dataclass(frozen=True)
class Entry:
    """One conclusion on its way into the outbox, which gives it its sequence. `data` is the encoded message of `kind`.

    An `urgent` one may overtake a backlog on its way out, and is the last to leave when there is no room.
    """

    id: str
    boot: str
    occurred_at: datetime
    monotonic_ms: int
    clock: Clock
    kind: str
    data: bytes
    model: str | None = None
    attachment: Attachment | None = None
    urgent: bool = False

    def as_event(self, sequence: int) -> bytes:
        """The event in the bytes in which it will be sent."""
        event = Event(
            sequence=sequence,
            id=self.id,
            kind=self.kind,
            occurred_at=wire_time(self.occurred_at),
            monotonic_ms=self.monotonic_ms,
            clock=self.clock,
            data=msgspec.Raw(self.data),
            model=self.model,
            evidence=None if self.attachment is None else self.attachment.name,
        )
        return encode(event)


@dataclass(frozen=True)
class Stamper:
    """Makes entries: gives each its id and this boot."""

    clock: DeviceClock

    def entry(
        self,
        data: EventData,
        taken: Stamp | None = None,
        occurred_at: datetime | None = None,
        model: str | None = None,
        attachment: Attachment | None = None,
        urgent: bool = False,
    ) -> Entry:
        """An entry around `data`, concluded from what was `taken` then (None: now)."""
        now = self.clock.now()
        at = taken or now
        return Entry(
            id=str(uuid7(max(0, int(now.at.timestamp() * 1000)), os.urandom(10))),
            boot=self.clock.boot,
            occurred_at=occurred_at or at.at,
            monotonic_ms=at.monotonic_ms,
            clock=at.clock,
            kind=kind_of(data),
            data=encode(data),
            model=model,
            attachment=attachment,
            urgent=urgent,
        )
