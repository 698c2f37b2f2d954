"""When a boot of a device began, and so when its events occurred (pure).

Monotonic time is right whatever the wall clock shows: an event whose clock deserves no trust occurred at the begin of its
boot plus its monotonic time. What is known of that begin, best first: the claim of a clock kept by NTP, or by a chip; a
message of the moment, which was sent as long after the boot as it says and has just come; the claim of an estimated clock,
if nothing contradicts it; and that nothing comes before it occurred.
"""

from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from central.ingest.accept import CLOCKS_DIFFER, Accepted, News, Taken
from central.store.boots import Boot, Key
from protocols.envelope import LARGEST, Event
from protocols.messages.device import Birth, Health

SLACK_MS = 2_000  # of that size are the ways of messages: less is no news
TRUST = {"ntp": 3, "rtc": 2, "estimated": 1}
SURE = frozenset({"ntp", "rtc"})
CLOCKS_DIFFER_MS = CLOCKS_DIFFER // timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class Hint(Struct, frozen=True):
    """What one message says of its boot; the fields as those of a Boot."""

    device: str
    boot: str
    first_sequence: int | None
    latest_ms: int
    is_heard: bool
    claim_ms: int | None = None
    claim_clock: str | None = None

    @property
    def key(self) -> Key:
        """Which boot it is about."""
        return self.device, self.boot


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - _EPOCH) // _MS


def of_batch(batch: Accepted | News, now: datetime) -> Hint | None:
    """What a batch tells of the boot of its events; None when it has none."""
    if not batch.taken:
        return None
    first, last = batch.taken[0].event, batch.taken[-1].event
    best = first if first.clock == "ntp" else max((taken.event for taken in batch.taken), key=_trust)
    since_ms = max(last.monotonic_ms, batch.sent_monotonic_ms or 0)
    claim_ms = milliseconds(best.occurred_at) - best.monotonic_ms if best.clock in TRUST else None
    latest_ms, is_heard = milliseconds(now) - since_ms, batch.sent_monotonic_ms is not None
    return Hint(
        batch.device, batch.boot, first.sequence, latest_ms, is_heard, claim_ms, best.clock if claim_ms is not None else None
    )


def of_state(device: str, message: Birth | Health, now: datetime) -> Hint | None:
    """What a birth or a health message tells; None without a monotonic time. A birth is retained: it may be old."""
    since_ms = message.monotonic_ms
    if since_ms is None:
        return None
    at = message.at if isinstance(message, Health) else message.started_at
    claim_ms = milliseconds(at) - since_ms if message.clock in TRUST else None
    clock = message.clock if claim_ms is not None else None
    return Hint(device, message.boot, None, milliseconds(now) - since_ms, isinstance(message, Health), claim_ms, clock)


def learned(boot: Boot | None, hint: Hint) -> Boot:
    """What is known of a boot after a hint; `boot` itself when that says nothing new."""
    if boot is None:
        fields = (hint.first_sequence, hint.latest_ms, hint.is_heard, hint.claim_ms, hint.claim_clock)
        return Boot(hint.device, hint.boot, *fields)
    claims_more = TRUST.get(hint.claim_clock or "", 0) > TRUST.get(boot.claim_clock or "", 0)
    is_earlier = hint.first_sequence is not None and hint.first_sequence < (boot.first_sequence or LARGEST)
    if not claims_more and is_sure(boot) and _is_possible(boot.claim_ms or 0, hint.latest_ms):
        # Then no bound matters, and a backlog would lower it with each batch.
        return replace(boot, first_sequence=hint.first_sequence) if is_earlier else boot
    known = replace(
        bounded(boot, hint.latest_ms),
        first_sequence=hint.first_sequence if is_earlier else boot.first_sequence,
        is_heard=boot.is_heard or hint.is_heard,
        claim_ms=hint.claim_ms if claims_more else boot.claim_ms,
        claim_clock=hint.claim_clock if claims_more else boot.claim_clock,
    )
    return boot if known == boot else known


def bounded(boot: Boot, latest_ms: int) -> Boot:
    """A boot that began no later than `latest_ms`; `boot` itself when that was known."""
    return replace(boot, latest_ms=latest_ms) if latest_ms < boot.latest_ms - SLACK_MS else boot


def began_ms(boot: Boot) -> int:
    """When it began, by the best that is known."""
    return boot.latest_ms if boot.claim_ms is None or not _holds(boot, boot.claim_ms) else boot.claim_ms


def is_sure(boot: Boot) -> bool:
    """Whether a clock that deserves trust has dated it."""
    return boot.claim_clock in SURE and boot.claim_ms is not None and _holds(boot, boot.claim_ms)


def _holds(boot: Boot, claim_ms: int) -> bool:
    if boot.claim_clock in SURE:
        return _is_possible(claim_ms, boot.latest_ms)
    return not boot.is_heard and claim_ms <= boot.latest_ms


def _is_possible(claim_ms: int, latest_ms: int) -> bool:
    return claim_ms <= latest_ms + CLOCKS_DIFFER_MS


def occurred_at(boot: Boot, clock: str, said_at: datetime, monotonic_ms: int, received_at: datetime) -> datetime:
    """When an event occurred; what the device said, where that is as good. Never later than it came, clocks aside."""
    if clock in SURE and said_at <= received_at + CLOCKS_DIFFER:
        return said_at
    try:
        at = _EPOCH + (began_ms(boot) + monotonic_ms) * _MS
    except OverflowError:
        return min(said_at, received_at)
    return said_at if abs(at - said_at) <= SLACK_MS * _MS else max(at, _EPOCH)


def dated(taken: Taken, boot: Boot, now: datetime) -> Taken:
    """An event that comes now, under the time at which it occurred."""
    event = taken.event
    if event.clock in SURE and taken.at is event.occurred_at:
        return taken
    return replace(taken, at=occurred_at(boot, event.clock, event.occurred_at, event.monotonic_ms, now))


def _trust(event: Event) -> int:
    return TRUST.get(event.clock, 0)
