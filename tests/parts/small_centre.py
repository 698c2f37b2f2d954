"""A centre small enough to read: speaks real MQTT, keeps rows by (device, sequence), acknowledges the contiguous prefix.

It does what CONTRACT says of a centre and nothing else. `poison` names sequences whose batch it treats as unreadable: taken
from the broker, never acknowledged. `is_silent` makes it take batches and evidence and answer nothing, as one that hangs.
`hears_only_news` makes it slow: batches of the order lane lie there. What overtook lies in `news`, by sequence.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock

from msgspec.structs import replace
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from protocols import topics
from protocols.codec import decode, encode, read_event, read_head
from protocols.envelope import Acknowledgement, BatchHead, Event
from protocols.messages.device import CentralState, Desired, Health
from protocols.messages.evidence import Evidence
from protocols.messages.lost import Lost
from protocols.messages.registry import read_data
from protocols.signing import PrivateKey, PublicKey, public_text, sign, verify


class SmallCentre:
    """One site, one device. Start it with `running`."""

    def __init__(self, port: int, site: str, device: str, device_key: PublicKey, key: PrivateKey) -> None:
        self.events: dict[int, Event] = {}
        self.evidence: dict[str, Evidence] = {}
        self.begun: dict[str, bytes] = {}
        self.chunks: list[tuple[int, int]] = []
        self.statuses: list[bytes] = []
        self.health: list[Health] = []
        self.batches: list[list[int]] = []
        self.duplicates = 0
        self.conflicts = 0
        self.cursor = 0
        self.poison: set[int] = set()
        self.news: dict[int, Event] = {}
        self.is_silent = self.hears_only_news = False
        self.public = public_text(key)
        self._port, self._site, self._device, self._device_key, self._key = port, site, device, device_key, key
        self._lock = Lock()
        self._client: Client | None = None

    @contextmanager
    def running(self, epoch: str = "one") -> Iterator["SmallCentre"]:
        """Connected from here to the end of the block; the twin is retained."""
        client = Client(CallbackAPIVersion.VERSION2, client_id="small-centre", protocol=MQTTProtocolVersion.MQTTv5)
        client.on_connect = lambda c, *_: self._arrive(c, epoch)
        client.on_message = self._on_message
        client.will_set(topics.CENTRAL_STATE, self._state(False, epoch), qos=1, retain=True)
        self._client = client
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        try:
            yield self
        finally:
            client.publish(topics.CENTRAL_STATE, self._state(False, epoch), qos=1, retain=True).wait_for_publish(5)
            client.disconnect()
            client.loop_stop()
            self._client = None

    def say(self, branch: topics.Down, message: object, signature: str | None = "", retain: bool = False) -> None:
        """Publish on `down/{branch}`; signed rightly unless another `signature` (None: no signature) is given."""
        assert self._client is not None
        payload = encode(message)
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if signature is not None:
            properties.UserProperty = [("sig", signature or sign(self._key, payload))]
        topic = topics.down(self._site, self._device, branch)
        self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)

    def forget(self, upto: int) -> None:
        """Become an older backup of itself."""
        with self._lock:
            self.cursor = upto
            self.events = {sequence: event for sequence, event in self.events.items() if sequence <= upto}

    def _arrive(self, client: Client, epoch: str) -> None:
        client.subscribe(topics.UP_FILTER, qos=1)
        self.say("desired", Desired(version=0), retain=True)
        client.publish(topics.CENTRAL_STATE, self._state(True, epoch), qos=1, retain=True)

    def _state(self, online: bool, epoch: str) -> bytes:
        return encode(CentralState(online=online, epoch=epoch, time=datetime(2026, 11, 24, 12, tzinfo=UTC)))

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        branch = topics.parse_up(message.topic).branch
        if branch == "events":
            self._batch(message)
        elif branch == "evidence":
            self._piece(decode(bytes(message.payload), Evidence))
        elif branch == "health":
            self.health.append(decode(bytes(message.payload), Health))
        elif branch == "status":
            self.statuses.append(bytes(message.payload))

    def _piece(self, chunk: Evidence) -> None:
        self.chunks.append((chunk.offset, chunk.offset + len(chunk.data)))
        begun = self.begun.get(chunk.sha256, b"")
        if chunk.offset == len(begun):
            begun = self.begun[chunk.sha256] = begun + chunk.data
        if len(begun) >= chunk.total_bytes:
            self.evidence[chunk.sha256] = replace(chunk, data=begun, offset=0)
        if self.is_silent:
            return
        if chunk.sha256 in self.evidence:
            self.say("ack", Acknowledgement(boot=chunk.boot, evidence=[chunk.sha256]))
        else:
            self.say("ack", Acknowledgement(boot=chunk.boot, begun={chunk.sha256: len(begun)}))

    def _batch(self, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        signature = dict(getattr(message.properties, "UserProperty", [])).get("sig")
        verify(self._device_key, payload, signature)
        head = read_head(payload)
        events = [read_event(raw) for raw in head.events]
        if head.lane == "news":
            self.news |= {event.sequence: event for event in events}
            self.say("ack", Acknowledgement(boot=head.boot, upto=self.cursor, ahead=max(self.news)))
        elif not self.hears_only_news:
            self._in_order(head, events)

    def _in_order(self, head: BatchHead, events: list[Event]) -> None:
        with self._lock:
            self.batches.append([event.sequence for event in events])
            if self.is_silent or self.poison & {e.sequence for e in events if e.kind != "lost/1"}:
                return
            if head.first > self.cursor + 1:
                self.say("ack", Acknowledgement(boot=head.boot, gap=self.cursor))
                return
            self._land(events)
            self.say("ack", Acknowledgement(boot=head.boot, upto=self.cursor))

    def _land(self, events: list[Event]) -> None:
        for event in events:
            known = self.events.get(event.sequence)
            self.duplicates += known is not None
            self.conflicts += known is not None and known.id != event.id
            self.events.setdefault(event.sequence, event)
            if event.sequence == self.cursor + 1:
                data = read_data(event.kind, event.data)
                self.cursor = data.last if isinstance(data, Lost) else event.sequence
