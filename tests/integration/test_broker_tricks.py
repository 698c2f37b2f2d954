"""Tricks with topics, packets and last words against a real mosquitto that runs on the generated files."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from queue import Empty, Queue
from threading import Event

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from central.fleet import broker
from central.fleet.broker import MAX_PACKET_BYTES, BrokerFolder
from central.ingest.accept import Quarantined
from central.ingest.registry import Speaker
from central.ingest.verdicts import judge
from edge_agent.link.connection import BrokerPlace, Connected, Connection
from protocols import codec, signing
from protocols.messages.device import Will
from protocols.topics import UP_FILTER, down, down_filter, up
from tests.makers import NOON
from tests.parts.ports import answers, eventually, free_port

KEY = signing.new_key()
REGISTRY = {name: Speaker("s1", KEY.public_key()) for name in ("eye-01", "ear-01")}
CONNECT, PUBLISH, PUBACK, DISCONNECT = 0x10, 0x32, 0x40, 0xE0
REFUSED = 0x80
QUIET_S = 0.3


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A broker with the centre and two devices, whose password is their name."""
    folder, port = BrokerFolder(tmp_path_factory.mktemp("tricks") / "broker"), free_port()
    broker.write_broker(folder, host="127.0.0.1", port=port, as_root=os.geteuid() == 0)
    broker.write_access(folder, "central", [])
    for user in ("central", "eye-01", "ear-01"):
        broker.set_password(folder, user, user)
    with subprocess.Popen([broker.mosquitto_binary(), "-c", folder.config.resolve()], stderr=subprocess.DEVNULL) as process:
        eventually(lambda: folder.pid.exists() and answers(port), what="mosquitto")
        yield port
        process.terminate()


@contextmanager
def peer(
    port: int, user: str, *filters: str, will: tuple[str, bytes] | None = None
) -> Iterator[tuple[Client, Queue[MQTTMessage]]]:
    """A client that is in and listens."""
    heard: Queue[MQTTMessage] = Queue()
    client, is_in = Client(CallbackAPIVersion.VERSION2, client_id=f"t-{user}", protocol=MQTTProtocolVersion.MQTTv5), Event()
    client.username_pw_set(user, user)
    client.on_message = lambda _client, _data, message: heard.put(message)
    client.on_connect = lambda *_: is_in.set()
    if will is not None:
        client.will_set(*will, qos=1)
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert is_in.wait(5)
    granted: Queue[int] = Queue()
    client.on_subscribe = lambda _client, _data, number, *_: granted.put(number)
    for each in filters:
        client.subscribe(each, qos=1)
        granted.get(timeout=5)
    try:
        yield client, heard
    finally:
        client.disconnect()
        client.loop_stop()


class Raw:
    """A client that says what no library lets one say."""

    def __init__(self, port: int, user: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        head = _text(b"MQTT") + b"\x05\xc2\x00\x3c\x00" + _text(b"raw") + _text(user.encode()) * 2
        assert self.answer(CONNECT, head)[0] == 0x20

    def answer(self, kind: int, body: bytes) -> bytes:
        """What comes back; nothing when the broker hangs up."""
        try:
            self.socket.sendall(bytes([kind]) + _length(len(body)) + body)
            return self.socket.recv(200)
        except ConnectionError:
            return b""

    def publish(self, topic: bytes, payload: bytes = b"{}") -> bytes:
        """The same for a message at least once."""
        return self.answer(PUBLISH, _text(topic) + b"\x00\x01\x00" + payload)


def is_refused(answer: bytes) -> bool:
    """Whether the broker hung up, or acknowledged with a reason that says no."""
    if not answer or answer[0] == DISCONNECT:
        return True
    return answer[0] == PUBACK and answer[1] > 2 and answer[4] >= REFUSED


@pytest.mark.parametrize(
    "topic",
    [
        b"tallyhouse/v1/edge/+/eye-01/up/events",
        b"tallyhouse/v1/edge/s1/eye-01/up/#",
        b"tallyhouse/v1/edge/s1/eye-01/up/ev\x00ents",
        b"tallyhouse/v1/edge/s1/eye-01/up/ev\nents",
        b"tallyhouse/v1/edge/s1/eye-01/up/\xff\xfe",
        b"tallyhouse/v1/edge/s1/eye-01/up/\xed\xa0\x80",
        b"tallyhouse/v1/edge/s1/ear-01/up/events",
        b"tallyhouse/v1/edge/s1/eye-01\x00/../ear-01/up/events",
        b"$share/x/tallyhouse/v1/edge/s1/ear-01/up/events",
        b"$SYS/broker/uptime",
        b"",
        b"/" * 400,
        b"tallyhouse/v1/edge/s1/EYE-01/up/events",
    ],
)
def test_a_topic_that_is_a_trick_is_refused_and_heard_by_nobody(port: int, topic: bytes) -> None:
    """Wildcards, NUL, broken UTF-8, another's branch, the broker's own: and the house goes on."""
    with peer(port, "central", UP_FILTER) as (_, heard):
        raw = Raw(port, "eye-01")
        with closing(raw.socket):
            assert is_refused(raw.publish(topic))
        again = Raw(port, "eye-01")
        with closing(again.socket):
            assert not is_refused(again.publish(up("s1", "eye-01", "events").encode(), b"good"))
        assert heard.get(timeout=5).payload == b"good"


@pytest.mark.parametrize("end", ["../../ear-01/up/events", "events/more", "Events", "", "desired"])
def test_what_the_broker_lets_pass_on_ones_own_branch_is_set_aside_at_ingest(port: int, end: str) -> None:
    """Levels are no folders: dots lead nowhere, and a branch that does not exist is no topic of ours."""
    topic = f"tallyhouse/v1/edge/s1/eye-01/up/{end}"
    payload = codec.encode(Will(boot="b", reason="stopped"))
    with peer(port, "central", UP_FILTER) as (_, heard), peer(port, "eye-01") as (eye, _none):
        eye.publish(topic, payload, qos=1)
        came = heard.get(timeout=5)
    assert came.topic == topic
    _, verdict = judge(came.topic, bytes(came.payload), {"sig": signing.sign(KEY, payload)}, REGISTRY, NOON)
    assert isinstance(verdict, Quarantined)
    assert verdict.reason == "bad_topic"


@pytest.mark.parametrize(
    "filter_",
    [
        "$share/x/tallyhouse/v1/edge/+/+/down/#",
        "$share/x/#",
        "$share/ear-01/" + down_filter("s1", "eye-01"),
        "+/+/+/+/+/down/+",
        "tallyhouse/+/edge/#",
        "$SYS/#",
    ],
)
def test_no_filter_hears_more_than_its_own_orders(port: int, filter_: str) -> None:
    """Not shared, not by any wildcard, and nothing of the broker's own figures; one's own orders are heard."""
    with peer(port, "ear-01", filter_) as (_, heard), peer(port, "central") as (centre, _none):
        centre.publish(down("s1", "eye-01", "commands"), b"for the eye", qos=1).wait_for_publish(5)
        with pytest.raises(Empty):
            heard.get(timeout=QUIET_S)


def test_a_packet_that_is_too_large_ends_its_senders_connection_only(port: int) -> None:
    """The limit is the broker's; the others do not notice."""
    with peer(port, "central", UP_FILTER) as (_, heard), peer(port, "ear-01") as (ear, _none):
        raw = Raw(port, "eye-01")
        with closing(raw.socket):
            assert is_refused(raw.publish(up("s1", "eye-01", "events").encode(), b"x" * (MAX_PACKET_BYTES + 1)))
        ear.publish(up("s1", "ear-01", "events"), b"small", qos=1)
        assert heard.get(timeout=5).payload == b"small"


def test_the_broker_speaks_no_last_will_in_anothers_name(port: int) -> None:
    """A device that leaves without a word has only its own word left."""
    with peer(port, "central", UP_FILTER) as (_, heard):
        for about in ("ear-01", "eye-01"):
            with peer(port, "eye-01", will=(up("s1", about, "status"), b"gone")) as (eye, _none):
                _cut(eye)
        assert heard.get(timeout=5).topic == up("s1", "eye-01", "status")
        assert heard.empty()


def test_a_last_will_carries_the_devices_signature(port: int) -> None:
    """The broker says it for the device, with what makes ingest believe it."""
    payload = codec.encode(Will(boot="b", reason="connection_lost"))
    with peer(port, "central", UP_FILTER) as (_, heard):
        line = Connection("s1", "eye-01", BrokerPlace("127.0.0.1", port, "eye-01", "eye-01", 5), KEY, payload)
        line.start()
        assert isinstance(line.happenings.get(timeout=5), Connected)
        _cut(line._client)
        said = heard.get(timeout=15)
        line.stop(None)
    properties = dict(getattr(said.properties, "UserProperty", []))
    _, verdict = judge(said.topic, bytes(said.payload), properties, REGISTRY, NOON)
    assert not isinstance(verdict, Quarantined)


def _cut(client: Client) -> None:
    """The cable is pulled out, and nobody plugs it in again."""
    client.loop_stop()
    there = client.socket()
    assert there is not None
    with socket.socket(fileno=os.dup(there.fileno())) as cable:
        cable.shutdown(socket.SHUT_RDWR)


def _text(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text


def _length(number: int) -> bytes:
    encoded = bytearray()
    while True:
        number, digit = divmod(number, 128)
        encoded.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(encoded)
