"""What was heard of a device so far, judged batch by batch (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from central.conformance.rules import NUMBERED, READABLE, SAME, SIGNED, SIZE, Rule
from protocols import codec, signing
from protocols.envelope import MAX_BATCH_BYTES, MAX_BATCH_EVENTS
from protocols.errors import BadSignature, ProtocolError
from protocols.messages.lost import Lost
from protocols.messages.registry import read_data
from protocols.signing import PublicKey


class _Outline(msgspec.Struct, frozen=True):
    first: int
    boot: str
    events: list[msgspec.Raw]


@dataclass(frozen=True)
class Range:
    """A batch that could be read: the numbers that it covers, those of declared losses with them."""

    first: int
    last: int
    boot: str


@dataclass
class Hearing:
    """Batches of one device as they came; `faults` has the first thing wrong under each rule."""

    key: PublicKey
    device: str
    batches: list[Range] = field(default_factory=list)
    faults: dict[Rule, str] = field(default_factory=dict)
    _ids: dict[int, str] = field(default_factory=dict)
    _reached: int = 0

    def take(self, payload: bytes, properties: Mapping[str, str]) -> None:
        """Judge one message on up/events."""
        try:
            signing.verify(self.key, payload, properties.get("sig"))
        except BadSignature as error:
            self._fault(SIGNED, str(error))
            return
        if self._is_too_large(payload):
            return
        try:
            self._read(codec.inflated(payload, properties.get("enc")))
        except ProtocolError as error:
            self._fault(READABLE, str(error))

    def _read(self, content: bytes) -> None:
        head = codec.read_head(content)
        if head.device != self.device:
            self._fault(READABLE, f"the batch says device {head.device}, its topic {self.device}")
        if head.lane == "news":
            return  # overtakes; its events come again in order
        if head.first > self._reached + 1 and self._reached:
            self._fault(NUMBERED, f"a batch begins at {head.first}, nothing between it and {self._reached} was sent")
        due = head.first
        for raw in head.events:
            event = codec.read_event(raw)
            if event.sequence != due:
                self._fault(NUMBERED, f"{event.sequence} came where {due} was due")
            data = read_data(event.kind, event.data)
            last = data.last if isinstance(data, Lost) else event.sequence
            if not isinstance(data, Lost) and self._ids.setdefault(event.sequence, event.id) != event.id:
                self._fault(SAME, f"{event.sequence} came with two ids, {self._ids[event.sequence]} and {event.id}")
            due = last + 1
        self._reached = max(self._reached, due - 1)
        self.batches.append(Range(head.first, due - 1, head.boot))

    def _is_too_large(self, payload: bytes) -> bool:
        """Whether a batch is larger than a centre takes; its numbers are passed over, so that it is told once."""
        try:
            batch = msgspec.json.decode(payload, type=_Outline)
        except msgspec.DecodeError:
            batch = None
        count = len(batch.events) if batch else 0
        if len(payload) <= MAX_BATCH_BYTES and count <= MAX_BATCH_EVENTS:
            return False
        limits = f"{MAX_BATCH_BYTES} bytes and {MAX_BATCH_EVENTS} events are allowed"
        self._fault(SIZE, f"a batch of {len(payload)} bytes and {count or 'unreadable'} events; {limits}")
        if batch and count:
            self._reached = max(self._reached, batch.first + count - 1)
            self.batches.append(Range(batch.first, batch.first + count - 1, batch.boot))
        return True

    def _fault(self, rule: Rule, detail: str) -> None:
        self.faults.setdefault(rule, detail)
