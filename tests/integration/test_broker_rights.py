"""Who may say and hear what, on a real mosquitto that runs on the generated files."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from central.fleet import broker
from central.fleet.broker import BrokerFolder, Listener
from protocols.topics import CENTRAL_STATE, UP_FILTER, down, down_filter, out, up
from tests.parts.ports import answers, eventually, free_port

SUCCESS, NOBODY_LISTENS, NOT_AUTHORISED = 0, 16, 135
PASSWORDS = {"central": "of the centre", "eye-01": "of the eye", "ear-01": "of the ear", "out.erp": "of the erp"}


@dataclass(frozen=True)
class House:
    folder: BrokerFolder
    port: int


class Peer:
    """A client that remembers how each message was answered, and what it heard."""

    def __init__(self, house: House, user: str, password: str | None = None) -> None:
        self.heard: Queue[tuple[str, bytes]] = Queue()
        self._answers: Queue[int] = Queue()
        self._greetings: Queue[int] = Queue()
        self._grants: Queue[int] = Queue()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=f"test-{user}", protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(user, PASSWORDS.get(user) if password is None else password)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", house.port)
        self._client.loop_start()
        self.greeting = self._greetings.get(timeout=5)

    def says(self, topic: str, payload: bytes = b"{}", retain: bool = False) -> int:
        """The broker's reason code."""
        self._client.publish(topic, payload, qos=1, retain=retain)
        return self._answers.get(timeout=5)

    def listens(self, topic_filter: str) -> None:
        """A forbidden filter is answered as if it were granted: only silence tells."""
        self._client.subscribe(topic_filter, qos=1)
        assert self._grants.get(timeout=5) == 1

    def goes(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        del self._client  # a client that knows us and is known by us would be collected with its sockets open

    def _on_connect(
        self, _client: Client, _userdata: object, _flags: object, reason: ReasonCode, _given: Properties | None
    ) -> None:
        self._greetings.put(reason.value)

    def _on_publish(self, _client: Client, _userdata: object, _number: int, reason: ReasonCode, _given: Properties) -> None:
        self._answers.put(reason.value)

    def _on_subscribe(
        self, _client: Client, _userdata: object, _number: int, reasons: list[ReasonCode], _given: Properties | None
    ) -> None:
        self._grants.put(reasons[0].value)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self.heard.put((message.topic, bytes(message.payload)))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A running broker with the centre and two devices."""
    folder, port = BrokerFolder(tmp_path / "broker"), free_port()
    broker.write_broker(folder, host="127.0.0.1", port=port, as_root=os.geteuid() == 0)
    broker.write_access(folder, "central", [Listener("erp", "s1")])
    for user, password in PASSWORDS.items():
        broker.set_password(folder, user, password)
    with subprocess.Popen([broker.mosquitto_binary(), "-c", folder.config.resolve()], stderr=subprocess.DEVNULL) as process:
        eventually(lambda: folder.pid.exists() and answers(port), what="mosquitto")  # the file is there before the port
        yield House(folder, port)
        process.terminate()


@pytest.fixture
def peers(house: House) -> Iterator[dict[str, Peer]]:
    """The centre and both devices, connected."""
    connected = {user: Peer(house, user) for user in PASSWORDS}
    yield connected
    for peer in connected.values():
        peer.goes()


@pytest.mark.parametrize(
    "topic",
    [
        up("s1", "ear-01", "events"),
        down("s1", "eye-01", "ack"),
        out("s1", "quality", "defect"),
        CENTRAL_STATE,
        "tallyhouse/v1/meta/asyncapi",
        "tallyhouse/v1/edge/s1/eye-01/sideways",
        "somewhere/else",
        "$SYS/broker/uptime",
    ],
)
def test_a_device_may_not_speak_outside_its_branch(peers: dict[str, Peer], topic: str) -> None:
    """The answer is 'not authorised', never a success that nobody heard."""
    assert peers["eye-01"].says(topic) == NOT_AUTHORISED


def test_what_a_device_may_say_reaches_the_centre(peers: dict[str, Peer]) -> None:
    """Its own branch is open at every site, and only the centre hears it."""
    peers["central"].listens(UP_FILTER)
    peers["ear-01"].listens(UP_FILTER)
    topic = up("s1", "eye-01", "events")
    assert peers["eye-01"].says(topic, b"seen") == SUCCESS
    assert peers["central"].heard.get(timeout=5) == (topic, b"seen")
    with pytest.raises(Empty):
        peers["ear-01"].heard.get(timeout=0.3)


def test_a_device_hears_its_own_orders_only(peers: dict[str, Peer]) -> None:
    """Another's `down`, `out` and `up` stay silent for it, though the broker grants the subscription."""
    spy, owner, centre = peers["ear-01"], peers["eye-01"], peers["central"]
    for topic_filter in (down_filter("s1", "eye-01"), "tallyhouse/v1/edge/+/+/down/#", "tallyhouse/v1/out/#", "#"):
        spy.listens(topic_filter)
    owner.listens(down_filter("s1", "eye-01"))
    assert centre.says(down("s1", "eye-01", "desired"), b"wanted", retain=True) in (SUCCESS, NOBODY_LISTENS)
    assert centre.says(out("s1", "quality", "defect"), b"defect") in (SUCCESS, NOBODY_LISTENS)
    assert owner.heard.get(timeout=5) == (down("s1", "eye-01", "desired"), b"wanted")
    with pytest.raises(Empty):
        spy.heard.get(timeout=0.3)


def test_a_program_hears_its_site_and_says_nothing(peers: dict[str, Peer]) -> None:
    """Another site's announcements and the devices' branches are not for it, nor is any topic for it to speak on."""
    program, centre = peers["out.erp"], peers["central"]
    program.listens("tallyhouse/v1/#")
    for topic in (out("s2", "quality", "defect"), down("s1", "eye-01", "desired"), out("s1", "quality", "defect")):
        assert centre.says(topic, b"said") in (SUCCESS, NOBODY_LISTENS)
    assert program.heard.get(timeout=5) == (out("s1", "quality", "defect"), b"said")
    assert program.heard.empty()
    assert program.says(out("s1", "quality", "defect")) == NOT_AUTHORISED


def test_everybody_hears_how_the_centre_is(peers: dict[str, Peer]) -> None:
    """A device must learn of a new epoch."""
    peers["ear-01"].listens(CENTRAL_STATE)
    peers["central"].says(CENTRAL_STATE, b"online", retain=True)
    assert peers["ear-01"].heard.get(timeout=5) == (CENTRAL_STATE, b"online")


@pytest.mark.parametrize(
    ("user", "password"), [("eye-01", "of the ear"), ("eye-01", ""), ("nobody", "x"), ("central", "of the eye")]
)
def test_a_wrong_password_lets_nobody_in(house: House, user: str, password: str) -> None:
    """Nor does another's."""
    peer = Peer(house, user, password)
    peer.goes()
    assert peer.greeting == NOT_AUTHORISED


def test_a_device_that_is_added_comes_in_without_a_restart(house: House, peers: dict[str, Peer]) -> None:
    """The broker is told by a signal; those who are connected stay so; one that is removed is out at its next try."""
    broker.set_password(house.folder, "cam-07", "fresh")
    assert broker.reload(house.folder)
    eventually(lambda: _greeting(house, "cam-07", "fresh") == SUCCESS, what="the new password")
    assert peers["eye-01"].says(up("s1", "eye-01", "events")) in (SUCCESS, NOBODY_LISTENS)
    broker.remove_password(house.folder, "cam-07")
    assert broker.reload(house.folder)
    eventually(lambda: _greeting(house, "cam-07", "fresh") == NOT_AUTHORISED, what="the removal")


def _greeting(house: House, user: str, password: str) -> int:
    peer = Peer(house, user, password)
    peer.goes()
    return peer.greeting
