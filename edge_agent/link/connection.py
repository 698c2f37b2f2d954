"""The connection to the broker: MQTT 5, last will, birth, reconnect with backoff. What happens goes into one queue.

paho's own thread only puts `Happening`s into the queue; one thread, the publisher's, takes them out.
"""

from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Protocol

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge_agent.link.papers import Papers, context_of
from edge_agent.link.window import MAX_FLIGHTS
from protocols.signing import PrivateKey, sign
from protocols.topics import CENTRAL_STATE, Up, down_filter, up

WILL_DELAY_S = 5
SESSION_S = 60  # longer than the will's delay: a broker speaks the will when the session ends, whichever comes first
LONGEST_BACKOFF_S = 60
STOP_TIMEOUT_S = 3.0

_log = structlog.get_logger()


@dataclass(frozen=True)
class Connected:
    """The broker accepted us; subscriptions are asked for."""


@dataclass(frozen=True)
class Disconnected:
    """The connection is gone, or was refused, and why."""

    why: str


@dataclass(frozen=True)
class Published:
    """The broker's answer to one message: 0 taken, 16 nobody subscribed, 128 and above refused."""

    mid: int
    reason: int
    name: str


@dataclass(frozen=True)
class Received:
    """A message from the centre."""

    topic: str
    payload: bytes
    signature: str | None


@dataclass(frozen=True)
class Nudged:
    """Something new lies in the outbox, or it is time to stop."""


Happening = Connected | Disconnected | Published | Received | Nudged


class Line(Protocol):
    """What the sender needs of a connection."""

    happenings: SimpleQueue[Happening]

    def start(self) -> None:
        """Connect, and again whenever the connection is lost."""

    def rest(self) -> None:
        """Hang up until `start`."""

    def nudge(self) -> None:
        """Wake the thread that waits for happenings."""

    def publish(self, branch: Up, payload: bytes, content_type: str = "application/json", retain: bool = False) -> int:
        """Sign and send on `up/{branch}`; the id that `Published` names."""


@dataclass(frozen=True)
class BrokerPlace:
    """Where the broker is and how to sign in: by password, or by certificate over TLS. See `papers.context_of`."""

    host: str
    port: int
    username: str | None
    password: str | None
    keepalive_s: int
    papers: Papers | None = None
    knows_the_time: bool = True


class Connection:
    """One device's connection. `will` is what the broker shall say when we vanish; None for a mere look."""

    def __init__(self, site: str, device: str, place: BrokerPlace, key: PrivateKey, will: bytes | None) -> None:
        self.happenings: SimpleQueue[Happening] = SimpleQueue()
        self._site, self._device, self._place, self._key = site, device, place, key
        self._was_in = self._was_refused = False
        self._tls = None if place.papers is None else context_of(place.papers, knows_the_time=place.knows_the_time)
        self._client = self._made(will)

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        self._client.loop_stop()
        self._client.connect_async(
            self._place.host, self._place.port, self._place.keepalive_s, clean_start=True, properties=_session()
        )
        self._client.loop_start()

    def publish(self, branch: Up, payload: bytes, content_type: str = "application/json", retain: bool = False) -> int:
        """Sign and send on `up/{branch}`, at least once (health: at most once); the id that `Published` names."""
        properties = self._signed(PacketTypes.PUBLISH, payload)
        properties.ContentType = content_type
        topic = up(self._site, self._device, branch)
        sent = self._client.publish(topic, payload, qos=0 if branch == "health" else 1, retain=retain, properties=properties)
        return sent.mid

    @property
    def is_connected(self) -> bool:
        """Whether the broker hears us now."""
        return self._client.is_connected()

    def nudge(self) -> None:
        """Wake the thread that waits for happenings."""
        self.happenings.put(Nudged())

    def rest(self) -> None:
        """Hang up until `start`."""
        self._client.disconnect()

    def show_new_papers(self) -> None:
        """A renewed certificate lies there: show it at the next connection. Raises ConfigError."""
        if self._tls is not None and self._place.papers is not None:
            self._place.papers.show(self._tls)

    def stop(self, farewell: bytes | None) -> None:
        """Say that this is a clean stop, and leave."""
        if farewell is not None and self._client.is_connected():
            topic = up(self._site, self._device, "status")
            properties = self._signed(PacketTypes.PUBLISH, farewell)
            with suppress(RuntimeError, ValueError):  # the connection was lost meanwhile: the broker will say it
                said = self._client.publish(topic, farewell, qos=1, retain=True, properties=properties)
                said.wait_for_publish(STOP_TIMEOUT_S)
        self._client.disconnect()
        self._client.loop_stop()

    def _signed(self, packet: int, payload: bytes) -> Properties:
        properties = _properties(packet)
        properties.UserProperty = [("v", "1"), ("sig", sign(self._key, payload))]
        return properties

    def _made(self, will: bytes | None) -> Client:
        client_id = self._device if will is not None else f"{self._device}-look"
        client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        elif self._place.username is not None:
            client.username_pw_set(self._place.username, self._place.password)
        if will is not None:
            properties = self._signed(PacketTypes.WILLMESSAGE, will)
            properties.WillDelayInterval = WILL_DELAY_S
            client.will_set(up(self._site, self._device, "status"), will, qos=1, retain=True, properties=properties)
        client.max_inflight_messages_set(MAX_FLIGHTS)
        client.reconnect_delay_set(1, LONGEST_BACKOFF_S)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    def _on_connect(self, client: Client, _: object, __: ConnectFlags, reason: ReasonCode, ___: Properties | None) -> None:
        self._was_refused = reason.is_failure
        if reason.is_failure:
            remedy = "check username and password_file" if self._tls is None else "see doctor, or claim this device again"
            self.happenings.put(Disconnected(f"{self._where()} refuses us ({reason}); {remedy}"))
            return
        # Two filters that do not overlap: overlapping ones would deliver twice.
        client.subscribe([(down_filter(self._site, self._device), _at_least_once()), (CENTRAL_STATE, _at_least_once())])
        self._was_in = True
        self.happenings.put(Connected())

    def _on_disconnect(
        self, _: Client, __: object, ___: DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        was_in, self._was_in = self._was_in, False
        was_refused, self._was_refused = self._was_refused, False
        if was_in:
            self.happenings.put(Disconnected(f"{self._where()} hung up ({reason})"))
        elif not was_refused:  # else the refusal has been said already
            self.happenings.put(Disconnected(f"{self._where()} hung up without an answer; {self._likely()}"))

    def _on_connect_fail(self, _: Client, __: object) -> None:
        remedy = "is the centre up, and [broker] right?"
        if self._tls is not None:
            remedy += " Or its certificate is not of authority_file, or not for this host."
        self.happenings.put(Disconnected(f"{self._where()} cannot be reached; {remedy}"))

    def _likely(self) -> str:
        if self._tls is None:
            return "is it an MQTT 5 broker?"
        return "it takes our certificate no more (ended or revoked?): see doctor, or claim this device again"

    def _where(self) -> str:
        return f"broker {self._place.host}:{self._place.port}"

    def _on_publish(self, _: Client, __: object, mid: int, reason: ReasonCode, ___: Properties | None) -> None:
        self.happenings.put(Published(mid, reason.value, str(reason)))

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        self.happenings.put(Received(message.topic, bytes(message.payload), _signature(message.properties)))


def _properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]  # paho 2.2 leaves this constructor without types


def _session() -> Properties:
    properties = _properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = SESSION_S
    return properties


def _at_least_once() -> SubscribeOptions:
    return SubscribeOptions(qos=1)


def _signature(properties: Properties | None) -> str | None:
    pairs: list[tuple[str, str]] = getattr(properties, "UserProperty", [])
    return next((value for name, value in pairs if name == "sig"), None)
