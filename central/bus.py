"""The one MQTT 5 client of a process: session, manual acknowledgement, reconnection (paho-mqtt 2).

`publish` hands a message to the client and returns; `publish_and_wait` returns when the broker has it. Neither means that
anybody stored it: facts are rows before they are spoken. A message that was received before a reconnection is not
acknowledged afterwards: its number may by then be another's, and the broker sends it again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from central.errors import BusError
from protocols.errors import Unreadable
from protocols.mqtt import Publish, read_publish

RECONNECT_FIRST_S = 1
RECONNECT_LAST_S = 60
KEEPALIVE_S = 60
SESSION_EXPIRY_S = 3600
READ_AHEAD_BYTES = 1 << 17
PUBACK = b"\x40\x02"  # fixed header of an acknowledgement without a reason: success (MQTT 5, §3.4)
NOTHING: Mapping[str, str] = MappingProxyType({})

log = structlog.get_logger()


@dataclass(frozen=True)
class Address:
    """Where the broker is and as whom to sign in; no password file where the broker asks for none."""

    host: str
    port: int
    user: str
    password_file: Path | None = None


@dataclass(frozen=True)
class Request:
    """What makes a message a request: forgotten after `expiry_s`, answered on `response_topic` with `correlation`."""

    expiry_s: int
    response_topic: str
    correlation: bytes


@dataclass(frozen=True)
class Will:
    """What the broker says, retained, when this process is lost."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came. `properties` are its user properties; `connection` counts the connections of this client."""

    topic: str
    payload: bytes
    properties: Mapping[str, str]
    number: int
    qos: int
    connection: int


@dataclass(frozen=True)
class Listening:
    """What a process hears. `received` runs on the client's thread and may block: that is the brake.

    session_s: how long the broker keeps what is said while this process is away.
    """

    topic_filter: str
    received: Callable[[Message], None]
    receive_maximum: int = 200
    session_s: int = SESSION_EXPIRY_S


@dataclass
class _Link:
    connection: int = 0
    refused: dict[int, ReasonCode] = field(default_factory=dict)


class _Client(Client):
    """paho, but many packets come with one system call (it takes four a packet) and acknowledgements leave together."""

    received: Callable[[Publish], None] = staticmethod(lambda _packet: None)
    _ahead = b""
    _taken = 0

    def reconnect(self) -> MQTTErrorCode:
        self._ahead, self._taken = b"", 0
        return super().reconnect()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        result = super().loop_read(max_packets)
        while result == MQTTErrorCode.MQTT_ERR_SUCCESS and self._taken < len(self._ahead):
            result = super().loop_read(max_packets)
        return result

    def acknowledge_all(self, numbers: Iterable[int]) -> None:
        packets = b"".join(PUBACK + number.to_bytes(2, "big") for number in numbers)
        if packets:
            self._packet_queue(PUBACK[0], packets, 0, 1)

    def _handle_publish(self) -> MQTTErrorCode:
        try:
            packet = read_publish(self._in_packet["command"], bytes(self._in_packet["packet"]))
        except Unreadable as error:
            log.error("broker_unreadable", problem=str(error), remedy="connected anew")
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        self.received(packet)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._taken == len(self._ahead):
            self._ahead, self._taken = super()._sock_recv(READ_AHEAD_BYTES), 0
        piece = self._ahead[self._taken : self._taken + bufsize]
        self._taken += len(piece)
        return piece


class Bus:
    """A connection that comes back by itself. Use it as a context manager: it connects on entry, says goodbye on exit."""

    def __init__(
        self,
        address: Address,
        client_id: str,
        *,
        listening: Listening | None = None,
        will: Will | None = None,
        connected: Callable[["Bus"], None] | None = None,
    ) -> None:
        self._address = address
        self._listening = listening
        self._connected = connected
        self._link = _Link()
        self._client = _Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
        )
        if address.password_file is not None:
            self._client.username_pw_set(address.user, address.password_file.read_text().strip())
        if will is not None:
            self._client.will_set(will.topic, will.payload, qos=1, retain=True)
        self._client.reconnect_delay_set(RECONNECT_FIRST_S, RECONNECT_LAST_S)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.received = self._received

    def __enter__(self) -> Self:
        wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        if self._listening is not None:
            wishes.SessionExpiryInterval = self._listening.session_s
            wishes.ReceiveMaximum = self._listening.receive_maximum
        self._client.connect_async(
            self._address.host,
            self._address.port,
            keepalive=KEEPALIVE_S,
            clean_start=self._listening is None,
            properties=wishes,
        )
        self._client.loop_start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def is_connected(self) -> bool:
        """Whether the broker answers now."""
        return self._client.is_connected()

    @property
    def connections(self) -> int:
        """How many times the broker let this client in: what was said in an earlier connection may be forgotten."""
        return self._link.connection

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        properties: Mapping[str, str] = NOTHING,
        content_type: str | None = None,
        request: Request | None = None,
    ) -> None:
        """Say `payload` with QoS 1, now or after the next reconnection."""
        self._say(topic, payload, retain, properties, content_type, request)

    def publish_and_wait(
        self,
        topic: str,
        payload: bytes,
        *,
        timeout_s: float,
        retain: bool = False,
        properties: Mapping[str, str] = NOTHING,
        content_type: str | None = None,
    ) -> None:
        """Say `payload` with QoS 1 and wait until the broker has it. Raises BusError."""
        self.begin(topic, payload, retain=retain, properties=properties, content_type=content_type)(timeout_s)

    def begin(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        properties: Mapping[str, str] = NOTHING,
        content_type: str | None = None,
    ) -> Callable[[float], None]:
        """Say `payload` with QoS 1. Call what is returned to wait, so many seconds at most, until the broker has it: it
        raises BusError when it has not."""
        said = self._say(topic, payload, retain, properties, content_type)
        return lambda timeout_s: self._wait(said, topic, timeout_s)

    def _wait(self, said: MQTTMessageInfo, topic: str, timeout_s: float) -> None:
        if not _is_taken(said, timeout_s):
            raise BusError(f"{topic}: the broker at {self._where} did not take it in {timeout_s:g} s; is it running?")
        if refusal := self._link.refused.pop(said.mid, None):
            raise BusError(f"{topic}: the broker refused it ({refusal}); see its access list")

    def acknowledge(self, *messages: Message) -> None:
        """Tell the broker that messages are dealt with; nothing to tell of those that came by an earlier connection."""
        now = self._link.connection
        self._client.acknowledge_all(one.number for one in messages if one.qos and one.connection == now)

    @property
    def _where(self) -> str:
        return f"{self._address.host}:{self._address.port}"

    def _say(
        self,
        topic: str,
        payload: bytes,
        retain: bool,
        properties: Mapping[str, str],
        content_type: str | None,
        request: Request | None = None,
    ) -> MQTTMessageInfo:
        extra = _extra(properties, content_type, request)
        return self._client.publish(topic, payload, qos=1, retain=retain, properties=extra)

    def _on_connect(
        self, client: Client, _userdata: object, _flags: ConnectFlags, reason: ReasonCode, _given: Properties | None
    ) -> None:
        if reason.is_failure:
            log.error("broker_refused", broker=self._where, user=self._address.user, reason=str(reason))
            return
        self._link.connection += 1
        log.info("broker_connected", broker=self._where)
        if self._listening is not None:
            client.subscribe(self._listening.topic_filter, qos=1)
        if self._connected is not None:
            self._connected(self)

    def _on_disconnect(
        self, _client: Client, _userdata: object, _flags: DisconnectFlags, reason: ReasonCode, _given: Properties | None
    ) -> None:
        if reason.is_failure:
            log.warning("broker_lost", broker=self._where, reason=str(reason), remedy="retried until it answers")

    def _on_publish(self, _client: Client, _userdata: object, number: int, reason: ReasonCode, _given: Properties) -> None:
        self._link.refused.pop(number, None)  # numbers are used again
        if reason.is_failure:
            self._link.refused[number] = reason
            log.error("broker_refused_message", broker=self._where, reason=str(reason), remedy="see its access list")

    def _received(self, packet: Publish) -> None:
        if self._listening is not None:
            said = (packet.topic, packet.payload, packet.properties, packet.number, packet.qos)
            self._listening.received(Message(*said, self._link.connection))


def _extra(properties: Mapping[str, str], content_type: str | None, request: Request | None) -> Properties | None:
    """What goes beside the payload; None for nothing, for making an empty one is half of what saying a message costs."""
    if not properties and content_type is None and request is None:
        return None
    extra = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    if properties:
        extra.UserProperty = list(properties.items())
    if content_type is not None:
        extra.ContentType = content_type
    if request is not None:
        extra.MessageExpiryInterval = request.expiry_s
        extra.ResponseTopic = request.response_topic
        extra.CorrelationData = request.correlation
    return extra


def _is_taken(said: MQTTMessageInfo, timeout_s: float) -> bool:
    try:
        said.wait_for_publish(timeout_s)
        return said.is_published()
    except (RuntimeError, ValueError):  # paho's words for "not connected" and "the queue is full"
        return False
