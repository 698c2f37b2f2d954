"""The two usual ways to carry events over MQTT, as programs that a nursery forks and an outage kills.

`PahoLife` publishes with paho's queue in memory; with `waits` it holds an event for delivered when the broker has
acknowledged it, which leaves it to mosquitto's persistence. `SubscriberLife` is a durable subscriber that writes what comes
to a database.
"""

import sqlite3
import time
from pathlib import Path
from threading import Condition

from msgspec import Struct
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.model.outages import COMMIT_EVENTS, PACE_S
from tests.model.programs import noted

TOPIC = "events"
SESSION_S = 86_400


class PahoLife(Struct, frozen=True, tag=True):
    """Publishes numbers up to `upto` with QoS 1, going on after the last one noted."""

    notes: str
    port: int
    upto: int
    waits: bool

    def live(self) -> None:
        """Until killed."""
        client = _client("edge")
        client.max_queued_messages_set(0)
        answered, change = set[int](), Condition()

        def on_publish(_client: Client, _userdata: object, mid: int, *_: object) -> None:
            with change:
                answered.add(mid)
                change.notify()

        client.on_publish = on_publish
        client.connect_async("127.0.0.1", self.port)
        client.loop_start()
        number = noted(Path(self.notes))
        with Path(self.notes).open("ab", buffering=0) as notes:
            while number < self.upto:
                number += 1
                mid = client.publish(TOPIC, str(number), qos=1).mid
                if self.waits:
                    with change:
                        change.wait_for(lambda mid=mid: mid in answered)  # type: ignore[misc]
                notes.write(b"%d\n" % number)
                time.sleep(PACE_S / COMMIT_EVENTS)
        while True:
            time.sleep(60)


class SubscriberLife(Struct, frozen=True, tag=True):
    """Writes each number that comes, durably, before the broker is told."""

    database: str
    port: int

    def live(self) -> None:
        """Until killed."""
        connection = sqlite3.connect(self.database, check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS received (number INTEGER)")

        def on_message(_client: Client, _userdata: object, message: MQTTMessage) -> None:
            connection.execute("INSERT INTO received VALUES (?)", (int(message.payload),))

        def on_connect(client: Client, *_: object) -> None:
            client.subscribe(TOPIC, qos=1)

        client = _client("centre")
        client.on_message = on_message
        client.on_connect = on_connect
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_S
        client.connect_async("127.0.0.1", self.port, clean_start=False, properties=properties)
        client.loop_forever(retry_first_connection=True)


Life = PahoLife | SubscriberLife


def _client(name: str) -> Client:
    return Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv5)
