"""From bytes to a verdict (pure): a batch whose events can be landed, or why not.

Checked in this order: sender, size, signature over the bytes as sent, encoding, batch, order, then each event. What
cannot be understood inside a readable batch is set aside alone and the cursor passes over it; a batch that cannot be read,
or whose order is broken, is set aside whole and the cursor stays (CONTRACT §4.6).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from msgspec import Raw, Struct

from central.errors import QuarantineReason
from central.ingest.registry import Registry, Speaker, Stranger, speaker_of
from protocols import codec, signing
from protocols.envelope import MAX_BATCH_BYTES, Batch, BatchHead, Event
from protocols.errors import BadSignature, Oversized, UnknownKind, Unreadable
from protocols.messages.equipment_anomaly import EquipmentAnomaly
from protocols.messages.lost import Lost
from protocols.messages.registry import EventData, read_data
from protocols.messages.sensor_summary import SensorSummary
from protocols.messages.shelf_count import ShelfCount
from protocols.signing import PublicKey
from protocols.topics import EdgeTopic

Verify = Callable[[PublicKey, bytes, str | None], None]

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)  # without a clock it is 1970
CLOCKS_DIFFER = timedelta(minutes=5)


class Taken(Struct, frozen=True, gc=False):
    """An event that can be landed. last: the sequence that the cursor may pass to, beyond its own for a declared loss.

    at: when it occurred, or when it came if its clock runs ahead: nothing can be later than now. text: its data as it came;
    data: the same as a message, None for a kind that nobody here knows.
    """

    event: Event
    boot: str
    last: int
    at: datetime
    text: str
    data: EventData | None


class Poison(Struct, frozen=True, gc=False):
    """An event that cannot be understood: the cursor passes over it. raw: the whole event, to be replayed one day."""

    sequence: int
    reason: QuarantineReason
    detail: str
    raw: bytes


class Accepted(Struct, frozen=True):
    """A genuine batch: its events in rising order, sequences `first` to `last` without an undeclared hole."""

    site: str
    device: str
    boot: str
    first: int
    last: int
    taken: Sequence[Taken]
    poison: Sequence[Poison]
    payload: bytes
    sent_monotonic_ms: int | None = None


class Misplaced(Struct, frozen=True):
    """A genuine batch that is kept whole but not landed, while the cursor passes over it."""

    device: str
    boot: str
    first: int
    last: int
    reason: QuarantineReason
    detail: str
    payload: bytes


class Quarantined(Struct, frozen=True):
    """Nothing to land and nothing to answer. device: who it claims to be, where that is known."""

    reason: QuarantineReason
    detail: str
    device: str | None = None


class News(Struct, frozen=True):
    """Events that overtake what waits before them: stored at once, while the cursor stays (CONTRACT §3).

    taken: in rising order, with holes. What cannot be understood is left out: its turn comes in its place.
    """

    site: str
    device: str
    boot: str
    first: int
    last: int
    taken: Sequence[Taken]
    payload: bytes
    sent_monotonic_ms: int | None = None


Verdict = Accepted | Misplaced | News | Quarantined


class Refusal(Exception):
    """A batch as a whole cannot be taken; `reason` is its code."""

    def __init__(self, reason: QuarantineReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def accept(
    topic: EdgeTopic,
    payload: bytes,
    properties: Mapping[str, str],
    registry: Registry,
    now: datetime,
    verify: Verify = signing.verify,
) -> Verdict:
    """What to do about one message on `up/events`. verify: checks a signature, or knows the outcome."""
    speaker = speaker_of(topic, registry)
    if isinstance(speaker, Stranger):
        return Quarantined(speaker.reason, speaker.detail, topic.device)
    try:
        return _judged(topic, payload, _genuine(payload, properties, speaker, verify), speaker, now)
    except Refusal as refusal:
        return Quarantined(refusal.reason, str(refusal), topic.device)


def _judged(topic: EdgeTopic, payload: bytes, content: bytes, speaker: Speaker, now: datetime) -> Verdict:
    batch = _read(content)
    if batch.device != topic.device:
        raise Refusal("wrong_device", f"the batch says {batch.device}, its topic {topic.device}: fix the sender")
    if batch.lane == "news":
        # Under a foreign site it will be kept whole when it comes in its place.
        return _news(batch, speaker.site, [] if speaker.site != topic.site else batch.events, payload, now)
    taken, poison, last = _events(batch, now)
    if speaker.site != topic.site:
        detail = f"{topic.device} belongs to {speaker.site}, not to {topic.site}: correct its site, or the device's config"
        return Misplaced(batch.device, batch.boot, batch.first, last, "wrong_site", detail, payload)
    head = (speaker.site, batch.device, batch.boot, batch.first)
    return Accepted(*head, last, taken, poison, payload, batch.sent_monotonic_ms)


def _genuine(payload: bytes, properties: Mapping[str, str], speaker: Speaker, verify: Verify) -> bytes:
    if len(payload) > MAX_BATCH_BYTES:
        raise Refusal("oversized", f"batch of {len(payload)} bytes; at most {MAX_BATCH_BYTES} are allowed: split it")
    try:
        verify(speaker.key, payload, properties.get("sig"))
        return codec.inflated(payload, properties.get("enc"))
    except BadSignature as error:
        raise Refusal("bad_signature", str(error)) from error
    except Oversized as error:
        raise Refusal("oversized", str(error)) from error
    except Unreadable as error:
        raise Refusal("unreadable", str(error)) from error


def _read(content: bytes) -> Batch | BatchHead:
    try:
        return codec.read_batch(content)
    except Unreadable:
        pass
    try:
        return codec.read_head(content)
    except Unreadable as error:
        raise Refusal("unreadable", str(error)) from error


def _events(batch: Batch | BatchHead, now: datetime) -> tuple[list[Taken], list[Poison], int]:
    taken: list[Taken] = []
    poison: list[Poison] = []
    last = batch.first - 1
    for item in batch.events:
        outcome = _outcome(batch.boot, item, last + 1, now)
        if isinstance(outcome, Taken):
            taken.append(outcome)
            last = outcome.last
        else:
            poison.append(outcome)
            last = outcome.sequence
    return taken, poison, last


def _news(batch: Batch | BatchHead, site: str, events: Iterable[Event | Raw], payload: bytes, now: datetime) -> News:
    taken: list[Taken] = []
    last = batch.first - 1
    for item in events:
        outcome = _outcome(batch.boot, item, None, now)
        if isinstance(outcome, Taken) and not isinstance(outcome.data, Lost):
            if outcome.event.sequence <= last:
                raise Refusal("broken_order", f"{outcome.event.sequence} came after {last}: news rises, too")
            taken.append(outcome)
            last = outcome.event.sequence
    return News(site, batch.device, batch.boot, batch.first, last, taken, payload, batch.sent_monotonic_ms)


def _outcome(boot: str, item: Event | Raw, due: int | None, now: datetime) -> Taken | Poison:
    try:
        event = item if isinstance(item, Event) else codec.read_event(item)
    except Unreadable as error:
        return Poison(due or 0, "unreadable", str(error), bytes(cast(Raw, item)))
    if due is not None and event.sequence != due:
        raise Refusal("broken_order", f"{event.sequence} came where {due} was due, and no loss was declared")
    return _understood(boot, event, now)


def _understood(boot: str, event: Event, now: datetime) -> Taken | Poison:
    try:
        data = read_data(event.kind, event.data)
        text = str(event.data, "utf-8")
    except UnknownKind as error:
        return _poison(event, "unknown_kind", f"{error}; upgrade the centre, then replay it")
    except (Unreadable, UnicodeDecodeError) as error:
        return _poison(event, "bad_data", str(error))
    if problem := _strange_time(event.occurred_at) or _problem(event, data):
        return _poison(event, "bad_data", problem)
    at = event.occurred_at if event.occurred_at <= now + CLOCKS_DIFFER else now
    return Taken(event, boot, data.last if isinstance(data, Lost) else event.sequence, at, text, data)


def _problem(event: Event, data: EventData | None) -> str | None:
    if isinstance(data, ShelfCount):
        return None if data.sku.isprintable() else f"SKU {data.sku!r} has characters that cannot be printed"
    if isinstance(data, SensorSummary):
        return _strange_time(data.started_at)
    if isinstance(data, EquipmentAnomaly):
        return _strange_time(data.since)
    if isinstance(data, Lost) and not data.first == event.sequence <= data.last:
        return f"a loss of {data.first} to {data.last} cannot stand at {event.sequence}"
    return None


def _strange_time(moment: datetime) -> str | None:
    return None if EARLIEST <= moment < LATEST else f"{moment} is outside the years {EARLIEST.year} to {LATEST.year - 1}"


def _poison(event: Event, reason: QuarantineReason, detail: str) -> Poison:
    return Poison(event.sequence, reason, detail, codec.encode(event))
