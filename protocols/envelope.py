"""The envelope around everything that a device concludes.

`sequence` is a gapless counter of the device that is never reset: (device, sequence) is the idempotency key. `id` is for
people and CloudEvents. `monotonic_ms` belongs to `boot`, so that events of a device with a dead clock can be dated later.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

from protocols.identity import Name, Sha256

MAX_BATCH_BYTES = 64 * 1024
MAX_BATCH_EVENTS = 200
MAX_STATE_BYTES = 190_000  # of a birth, a health or a reported twin: less than a broker of ours takes in a packet
BATCH_CONTENT_TYPE = "application/vnd.tallyhouse.batch+json"

Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339 with zone; sent as UTC with milliseconds.")]
LARGEST = 2**53 - 1  # what every JSON reader takes for a whole number
Sequence = Annotated[int, Meta(ge=1, le=LARGEST)]
Number = Annotated[int, Meta(ge=0, le=LARGEST)]
Milliseconds = Annotated[int, Meta(ge=0, le=LARGEST)]
Kind = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,47}/[1-9][0-9]{0,3}(?![\s\S])", description="Message name / major.")]
Clock = Literal["ntp", "rtc", "estimated", "bad"]
Lane = Literal["order", "news"]
Boot = Annotated[str, Meta(min_length=1, max_length=64)]


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One conclusion of a device; `data` is the message that `kind` names, kept as the bytes that came."""

    sequence: Sequence
    id: Annotated[str, Meta(min_length=36, max_length=36)]
    kind: Kind
    occurred_at: Instant
    monotonic_ms: Milliseconds
    clock: Clock
    data: Raw
    model: Annotated[str, Meta(max_length=160)] | None = None
    evidence: Sha256 | None = None


class BatchHead(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A batch whose events are not looked at yet: one that cannot be understood must not take the others with it.

    sent_monotonic_ms: when it was sent, in the boot that its events are of; left out when that boot is over.
    """

    device: Name
    boot: Boot
    lane: Lane
    first: Sequence
    sent_at: Instant
    sent_monotonic_ms: Milliseconds | None = None
    events: Annotated[list[Raw], Meta(min_length=1, max_length=MAX_BATCH_EVENTS)]


class Batch(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Up to 200 events of one device in rising order of sequence, signed as the bytes that are sent."""

    device: Name
    boot: Boot
    lane: Lane
    first: Sequence
    sent_at: Instant
    sent_monotonic_ms: Milliseconds | None = None
    events: Annotated[list[Event], Meta(min_length=1, max_length=MAX_BATCH_EVENTS)]


class Acknowledgement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the centre has on disk: all up to `upto`; or nothing after `gap`, so send again from gap + 1; and evidence.

    ahead: the highest sequence it has beyond that, by the news lane: numbers up to there are taken.
    begun: of evidence that comes in chunks, how many bytes from the first it has: go on from there.
    replies: the numbers of replies to commands, of the boot that wrote them.
    """

    boot: Boot
    upto: Number | None = None
    gap: Number | None = None
    ahead: Sequence | None = None
    evidence: list[Sha256] = []
    begun: dict[Sha256, Number] = {}
    replies: list[Sequence] = []
