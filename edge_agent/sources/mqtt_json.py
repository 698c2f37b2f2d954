"""Meters and IO-Link masters that speak JSON over MQTT on the local network: the newest word on each channel.

`channels` says where a channel stands in a message: names separated by slashes, as `apower` or `iolink/port1/value`
(RFC 6901 without its leading slash). A reading is made every `interval_s` of what was heard since the last one.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.clock import DeviceClock
from edge_agent.errors import SourceLost
from edge_agent.sample import Reading
from edge_agent.sources.ticks import Ticks

LARGEST_BYTES = 64 * 1024
PATIENCE = 3  # intervals without a word before the feed counts as lost

_log = structlog.get_logger()


@dataclass(frozen=True)
class Feed:
    """The broker on the local network, the topics that are heard, and what is read of their messages."""

    host: str
    port: int
    topic: str
    channels: Mapping[str, str]
    units: Mapping[str, str] = field(default_factory=dict)


class JsonFeed:
    """Listens from the first read on; paho connects again by itself."""

    def __init__(self, source_id: str, feed: Feed, asset: str, clock: DeviceClock, interval_s: float) -> None:
        self.dropped = 0
        self.refused = 0
        self._source_id, self._feed, self._asset, self._clock = source_id, feed, asset, clock
        self._ticks = Ticks(interval_s)
        self._lock = Lock()
        self._newest: dict[str, float] = {}
        self._silent = 0
        self._why = "nothing came yet"
        self._client: Client | None = None

    @property
    def units(self) -> Mapping[str, str]:
        """Channel → unit, as the agent's file says."""
        return self._feed.units

    def read(self, timeout_s: float) -> Reading | None:
        """What was heard since the last reading. Raises SourceLost after three intervals without a word."""
        if self._client is None:
            self._client = self._listening()
        if not self._ticks.wait(timeout_s):
            return None
        with self._lock:
            heard, self._newest = self._newest, {}
        self._silent = 0 if heard else self._silent + 1
        if self._silent >= PATIENCE:
            self._silent = 0
            where = f"{self._feed.host}:{self._feed.port} {self._feed.topic}"
            raise SourceLost(self._source_id, f"{where}: {self._why}; check broker, topic and device")
        if not heard:
            return None
        stamp = self._clock.now()
        values = {name: heard.get(name) for name in self._feed.channels}
        return Reading(self._source_id, stamp.at, stamp.monotonic_ms, stamp.clock, self._asset, values)

    def close(self) -> None:
        """Hang up."""
        self._ticks.stop()
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _listening(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2)
        client.on_connect, client.on_disconnect, client.on_message = self._connected, self._disconnected, self._heard
        client.reconnect_delay_set(1, 30)
        client.connect_async(self._feed.host, self._feed.port)
        client.loop_start()
        return client

    def _connected(
        self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        self._why = "connected, but no message came" if not reason.is_failure else f"the broker refuses: {reason}"
        client.subscribe(self._feed.topic)

    def _disconnected(
        self, _client: Client, _data: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        self._why = f"the broker is gone: {reason}"

    def _heard(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        try:
            found = self._read(message.payload)
        except (ValueError, RecursionError) as error:
            self._refuse(message.topic, str(error))
            return
        with self._lock:
            self._newest |= found

    def _read(self, payload: bytes | bytearray) -> dict[str, float]:
        """Channel → number of what is in the message; a channel that is not in it is none of its business."""
        if len(payload) > LARGEST_BYTES:
            raise ValueError(f"{len(payload)} bytes, at most {LARGEST_BYTES} are read")
        content = json.loads(payload)
        found = {name: _at(content, place) for name, place in self._feed.channels.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _refuse(self, topic: str, why: str) -> None:
        self.refused += 1
        if self.refused.bit_count() == 1:
            remedy = "it must be JSON; check the topic"
            _log.error("message_refused", source=self._source_id, topic=topic, why=why, times=self.refused, remedy=remedy)


def _at(content: object, place: str) -> float | None:
    """The number at a place; None where there is none."""
    for name in place.split("/") if place else ():
        if isinstance(content, dict):
            content = content.get(name)
        elif isinstance(content, list) and name.isdigit() and int(name) < len(content):
            content = content[int(name)]
        else:
            return None
    is_number = isinstance(content, (int, float)) and math.isfinite(content)
    return float(content) if is_number else None  # type: ignore[arg-type]  # the check above
