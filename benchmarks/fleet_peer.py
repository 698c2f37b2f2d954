"""The usual way to take in what devices say: a paho subscriber that writes each message to SQLite before it answers.

No signatures, cursors, projections or announcements. Everything is pushed to it at once, one event a message.
"""

import sqlite3
import time
from pathlib import Path
from random import Random
from threading import Event as Flag

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from benchmarks.fleet_line import Line
from benchmarks.ingest_events import Device
from protocols import signing, topics
from tests.parts.mosquitto import Mosquitto

SEED = 20261124
PATIENCE_S = 300.0


def heard(folder: Path, messages: int) -> float:
    """So many messages; how many a second are durable."""
    folder.mkdir()
    broker = Mosquitto(folder)
    broker.start()
    packets = [packet.data for packet in Device("dev-00", signing.new_key(), Random(SEED)).packets(messages, 1)]
    consumer = _Consumer(folder / "peer.db", broker.port, messages)
    try:
        return _pushed(consumer, broker.port, packets)
    finally:
        consumer.close()
        broker.stop()


def _pushed(consumer: "_Consumer", port: int, packets: list[bytes]) -> float:
    line = Line(port, "pusher", "nothing")
    began_s = time.monotonic()
    for packet in packets:
        line.say(packet)
        for _ in line.heard():
            continue
    while not consumer.done.wait(0.02):
        line.say(b"")
        for _ in line.heard():
            continue
        if time.monotonic() - began_s > PATIENCE_S:
            raise SystemExit("the peer did not hear everything")
    seconds = time.monotonic() - began_s
    line.close()
    return len(packets) / seconds


class _Consumer:
    """On paho's own thread."""

    def __init__(self, database: Path, port: int, messages: int) -> None:
        self.done = Flag()
        self._left = messages
        self._connection = sqlite3.connect(database, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE received (topic TEXT, payload BLOB)")
        subscribed = Flag()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="peer", protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_connect = lambda client, *_: client.subscribe(topics.UP_FILTER, qos=1)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if not subscribed.wait(10):
            raise SystemExit("the peer was not let in")

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()
        self._connection.close()

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self._connection.execute("INSERT INTO received VALUES (?, ?)", (message.topic, message.payload))
        self._left -= 1
        if self._left == 0:
            self.done.set()
