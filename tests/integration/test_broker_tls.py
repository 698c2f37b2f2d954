"""The doors of a house with TLS, on a real mosquitto that runs on the generated files: who gets in, and what they may do."""

import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from queue import Empty, Queue

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from central.bus import Bus
from central.fleet import authority, broker, certificates, revocation
from central.fleet.broker import Listener
from central.fleet.certificates import Revoked, Signer
from central.store.devices import Device
from edge_agent.errors import ConfigError
from edge_agent.link.papers import Papers, context_of, trusting
from protocols.signing import new_key
from protocols.topics import CENTRAL_STATE, down, down_filter, out, up
from tests.makers import NOON
from tests.parts.gate import CENTRE_PASSWORD, Doors, gate_at, now, three_doors
from tests.parts.ports import answers, eventually, free_port

WILL_DELAY_S = 1
SUCCESS, NOBODY_LISTENS, NOT_AUTHORISED = 0, 16, 135


@dataclass
class Peer:
    """A client that remembers how it was greeted and answered, and what it heard."""

    greetings: "Queue[int]" = field(default_factory=Queue)
    farewells: "Queue[str]" = field(default_factory=Queue)
    answers: "Queue[int]" = field(default_factory=Queue)
    heard: "Queue[tuple[str, bytes]]" = field(default_factory=Queue)
    granted: "Queue[int]" = field(default_factory=Queue)
    client: Client | None = None

    def says(self, topic: str, payload: bytes = b"{}", *, retain: bool = False) -> int:
        """The broker's reason code."""
        assert self.client is not None
        self.client.publish(topic, payload, qos=1, retain=retain)
        return self.answers.get(timeout=5)

    def listens(self, topic_filter: str) -> None:
        """Only silence tells that it was forbidden."""
        assert self.client is not None
        self.client.subscribe(topic_filter, qos=1)
        self.granted.get(timeout=5)

    def on_connect(self, _: Client, __: object, ___: object, reason: ReasonCode, ____: Properties | None) -> None:
        self.greetings.put(reason.value)

    def on_disconnect(self, _: Client, __: object, ___: object, reason: ReasonCode, ____: Properties | None) -> None:
        self.farewells.put(str(reason))

    def on_publish(self, _: Client, __: object, ___: int, reason: ReasonCode, ____: Properties | None) -> None:
        self.answers.put(reason.value)

    def on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        self.heard.put((message.topic, bytes(message.payload)))


@contextmanager
def peer(
    port: int,
    client_id: str,
    tls: ssl.SSLContext | None,
    sign_in: tuple[str, str] | None = None,
    will_topic: str | None = None,
) -> Iterator[Peer]:
    """Connects once, or fails to. The will is spoken, as that of an agent, a moment after the connection is lost."""
    one = Peer()
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)
    one.client = client
    if tls is not None:
        client.tls_set_context(tls)
    if sign_in is not None:
        client.username_pw_set(*sign_in)
    if will_topic is not None:
        client.will_set(will_topic, b"gone", qos=1, retain=True, properties=_soon())
    client.on_connect, client.on_disconnect = one.on_connect, one.on_disconnect
    client.on_publish, client.on_message = one.on_publish, one.on_message
    client.on_subscribe = lambda *_: one.granted.put(1)
    with suppress(OSError):
        client.connect("127.0.0.1", port, clean_start=True, properties=_for_a_minute())
        client.loop_start()
    try:
        yield one
    finally:
        client.disconnect()
        client.loop_stop()
        one.client = None


@contextmanager
def device(doors: Doors, papers: Papers, client_id: str = "whatever", will_topic: str | None = None) -> Iterator[Peer]:
    """A client with a certificate at the devices' door."""
    with peer(doors.device_port, client_id, context_of(papers, knows_the_time=True), will_topic=will_topic) as one:
        yield one


def is_let_in(doors: Doors, papers: Papers) -> bool:
    """Whether the broker greets whoever shows these papers."""
    with device(doors, papers) as one:
        try:
            return one.greetings.get(timeout=1) == SUCCESS
        except Empty:
            return False


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Doors]:
    """A broker with its three doors, and a program."""
    with three_doors(tmp_path / "house", (Listener("erp", "s1"),)) as running:
        yield running


def test_a_device_speaks_on_its_own_branch_only(doors: Doors, tmp_path: Path) -> None:
    """Its name is that of its certificate, whatever client id and user name it gives."""
    papers = doors.papers(tmp_path / "eye", "eye-01")
    context = context_of(papers, knows_the_time=True)
    with peer(doors.device_port, "ear-01", context, ("ear-01", "x")) as eye:
        assert eye.greetings.get(timeout=5) == SUCCESS
        assert eye.says(up("s1", "eye-01", "events")) == NOBODY_LISTENS
        assert eye.says(up("s1", "ear-01", "events")) == NOT_AUTHORISED
    for topic in (down("s1", "eye-01", "ack"), out("s1", "quality", "defect"), CENTRAL_STATE, "elsewhere"):
        with device(doors, papers) as eye:  # mosquitto 2.0.11 hangs up on whoever was denied over TLS
            assert eye.says(topic) == NOT_AUTHORISED


def test_a_device_hears_its_own_orders_only(doors: Doors, tmp_path: Path) -> None:
    """Not another's, nor what devices say, nor what is announced."""
    eye_papers, ear_papers = (doors.papers(tmp_path / name, name) for name in ("eye-01", "ear-01"))
    with device(doors, eye_papers) as eye, device(doors, ear_papers) as ear, Bus(doors.gate.bus, "central-test") as centre:
        for topic_filter in ("#", "tallyhouse/v1/edge/+/+/down/#", down_filter("s1", "ear-01")):
            eye.listens(topic_filter)
        ear.listens(down_filter("s1", "ear-01"))
        for topic in (down("s1", "ear-01", "commands"), up("s1", "ear-01", "events"), out("s1", "quality", "defect")):
            centre.publish_and_wait(topic, b"said", timeout_s=5)
        assert ear.heard.get(timeout=5) == (down("s1", "ear-01", "commands"), b"said")
        with pytest.raises(Empty):
            eye.heard.get(timeout=0.3)


def test_one_device_cannot_throw_another_out(doors: Doors, tmp_path: Path) -> None:
    """Nor a program: the client id is the user name at both doors."""
    papers = doors.papers(tmp_path / "eye", "eye-01")
    with device(doors, papers, "eye-01") as eye:
        assert eye.greetings.get(timeout=5) == SUCCESS
        with (
            device(doors, doors.papers(tmp_path / "ear", "ear-01"), "eye-01") as ear,
            peer(doors.program_port, "eye-01", trusting_house(doors), ("out.erp", "erp")) as program,
        ):
            assert ear.greetings.get(timeout=5) == program.greetings.get(timeout=5) == SUCCESS
            assert eye.says(up("s1", "eye-01", "events")) == NOBODY_LISTENS
        assert eye.farewells.empty()


@pytest.mark.parametrize("kind", ["self-made", "another house's", "expired", "not yet valid", "a server's"])
def test_papers_that_are_not_good_let_nobody_in(doors: Doors, tmp_path: Path, kind: str) -> None:
    """The broker says nothing to whoever shows them; good ones of the same name come in."""
    assert not is_let_in(doors, bad_papers(doors, tmp_path / "bad", kind))
    assert is_let_in(doors, doors.papers(tmp_path / "good", "eye-01"))


def bad_papers(doors: Doors, folder: Path, kind: str) -> Papers:
    """Papers for eye-01 with one thing wrong."""
    key, signer, day = new_key(), doors.signer, timedelta(days=1)
    match kind:
        case "self-made":
            forged = certificates.new_authority("eye-01", now())
            return doors.laid_out(
                folder, certificates.device_certificate(forged, "eye-01", key.public_key(), now(), day), key
            )
        case "another house's":
            impostor = Signer(signer.certificate, certificates.new_key())  # the same name, another key
            return doors.papers(folder, "eye-01", key, impostor)
        case "expired":
            made = certificates.device_certificate(signer, "eye-01", key.public_key(), now() - 2 * day, day)
        case "not yet valid":
            made = certificates.device_certificate(signer, "eye-01", key.public_key(), now() + day, day)
        case _:
            server = certificates.new_key()
            made = certificates.server_certificate(signer, server, ["eye-01"], now())
            papers = doors.laid_out(folder, made, key)
            papers.key.write_bytes(certificates.key_pem(server))
            return papers
    return doors.laid_out(folder, made, key)


def test_nobody_comes_in_without_a_certificate(doors: Doors) -> None:
    """Not even the centre with its password, at the devices' door."""
    with peer(doors.device_port, "x", trusting_house(doors), ("central", CENTRE_PASSWORD)) as one, pytest.raises(Empty):
        one.greetings.get(timeout=0.5)


def test_a_password_of_a_device_opens_no_door_of_a_house_with_tls(doors: Doors) -> None:
    """One that is left of the time before: neither the centre's door nor the programs' lets it in."""
    broker.set_password(doors.gate.broker, "eye-01", "left over")
    broker.write_access(doors.gate.broker, "central", [Listener("erp", "s1")])
    assert broker.reload(doors.gate.broker)
    for port, tls in ((doors.gate.bus.port, None), (doors.program_port, trusting_house(doors))):
        with peer(port, "x", tls, ("eye-01", "left over")) as one:
            assert one.greetings.get(timeout=5) == NOT_AUTHORISED
    with peer(doors.program_port, "x", trusting_house(doors), ("central", CENTRE_PASSWORD)) as one:
        assert one.greetings.get(timeout=5) == NOT_AUTHORISED


def test_a_program_hears_its_site_over_tls_and_says_nothing(doors: Doors) -> None:
    """By the password that is its token."""
    with (
        peer(doors.program_port, "x", trusting_house(doors), ("out.erp", "erp")) as program,
        Bus(doors.gate.bus, "central-test") as centre,
    ):
        program.listens("#")
        eventually(lambda: centre.is_connected, what="the centre's connection")
        for site in ("s2", "s1"):
            centre.publish_and_wait(out(site, "quality", "defect"), b"said", timeout_s=5)
        assert program.heard.get(timeout=5) == (out("s1", "quality", "defect"), b"said")
        assert program.heard.empty()
        assert program.says(out("s1", "quality", "defect")) == NOT_AUTHORISED


def test_a_revoked_device_is_out_at_once_and_stays_out(doors: Doors, tmp_path: Path) -> None:
    """Its open session ends, it does not come in again, what the broker retained of it is gone; others notice nothing."""
    papers, ear_papers = (doors.papers(tmp_path / name, name) for name in ("eye-01", "ear-01"))
    status = up("s1", "eye-01", "status")
    with device(doors, papers, will_topic=status) as eye, device(doors, ear_papers) as ear:
        assert eye.says(status, b'{"reason":"here"}', retain=True) == NOBODY_LISTENS
        serial = papers.held().serial_number
        authority.revoke(doors.gate.authority, [Revoked(serial, now())], now())
        done = revocation.enforce(doors.gate, Device("eye-01", "s1", "Eye", "KEY=", NOON))
        assert done.broker_told
        assert done.session_ended
        assert eye.farewells.get(timeout=5)
        assert ear.says(up("s1", "ear-01", "events")) == NOBODY_LISTENS
        assert ear.farewells.empty()
    assert not is_let_in(doors, papers)
    with peer(doors.gate.bus.port, "look", None, ("central", CENTRE_PASSWORD)) as centre:
        centre.listens("tallyhouse/v1/edge/#")
        with pytest.raises(Empty):
            centre.heard.get(timeout=1.5 * WILL_DELAY_S)


def test_a_device_with_a_password_is_shut_out_just_so(tmp_path: Path) -> None:
    """In a house without TLS: its session ends, and its password lets nobody in any more."""
    gate, port = gate_at(tmp_path, tls=False), free_port()
    gate = replace(gate, bus=replace(gate.bus, port=port))
    broker.write_broker(gate.broker, host="127.0.0.1", port=port, as_root=os.geteuid() == 0)
    for user, password in {"central": CENTRE_PASSWORD, "eye-01": "of the eye"}.items():
        broker.set_password(gate.broker, user, password)
    broker.write_access(gate.broker, "central", [])
    call: list[str | Path] = [broker.mosquitto_binary(), "-c", gate.broker.config.resolve()]
    with subprocess.Popen(call, stderr=subprocess.DEVNULL) as process:
        eventually(lambda: answers(port), what="mosquitto")
        with peer(port, "eye-01", None, ("eye-01", "of the eye")) as eye:
            assert eye.greetings.get(timeout=5) == SUCCESS
            broker.remove_password(gate.broker, "eye-01")
            assert revocation.enforce(gate, Device("eye-01", "s1", "Eye", "KEY=", NOON)).session_ended
            assert eye.farewells.get(timeout=5)
            assert eye.greetings.get(timeout=10) == NOT_AUTHORISED
        process.terminate()


def test_the_servers_certificate_changes_while_the_broker_runs(doors: Doors, tmp_path: Path) -> None:
    """After `tallyhouse tls renew` new connections see the new one."""
    before = shown_by(doors)
    authority.renew_server(doors.gate.authority, (), now())
    assert broker.reload(doors.gate.broker)
    eventually(lambda: shown_by(doors) != before, what="the new certificate")
    assert is_let_in(doors, doors.papers(tmp_path / "eye", "eye-01"))


def test_a_certificate_with_another_key_cannot_be_shown(doors: Doors, tmp_path: Path) -> None:
    """A device that copied only the certificate of another says so, before it calls."""
    other = certificates.device_certificate(doors.signer, "eye-01", new_key().public_key(), now(), timedelta(days=1))
    papers = doors.laid_out(tmp_path / "copied", other, new_key())
    with pytest.raises(ConfigError, match=r"device\.crt with key_file .*device\.key"):
        context_of(papers, knows_the_time=True)


def test_a_device_without_the_time_checks_all_but_the_time(doors: Doors, tmp_path: Path) -> None:
    """It believes an ended certificate of the broker rather than never connect; another authority's it never believes."""
    papers = doors.papers(tmp_path / "eye", "eye-01")
    authority.renew_server(doors.gate.authority, (), now() - timedelta(days=400))
    assert broker.reload(doors.gate.broker)
    eventually(lambda: not believes(doors, papers, knows_the_time=True), what="the ended certificate")
    assert believes(doors, papers, knows_the_time=False)
    papers.authority.write_bytes(certificates.certificate_pem(certificates.new_authority("foreign", now()).certificate))
    assert not believes(doors, papers, knows_the_time=False)


def believes(doors: Doors, papers: Papers, *, knows_the_time: bool) -> bool:
    """Whether a device with these papers takes the broker for its own."""
    try:
        return bool(shown_by(doors, context_of(papers, knows_the_time=knows_the_time)))
    except ssl.SSLCertVerificationError:
        return False


def trusting_house(doors: Doors) -> ssl.SSLContext:
    """Believes the house's servers."""
    return trusting(doors.gate.authority.certificate_text())


def shown_by(doors: Doors, context: ssl.SSLContext | None = None) -> bytes:
    """The certificate that the programs' door shows."""
    with (
        socket.create_connection(("127.0.0.1", doors.program_port)) as raw,
        (context or trusting_house(doors)).wrap_socket(raw, server_hostname="127.0.0.1") as wrapped,
    ):
        return wrapped.getpeercert(binary_form=True) or b""


def _for_a_minute() -> Properties:
    wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    wishes.SessionExpiryInterval = 60
    return wishes


def _soon() -> Properties:
    wishes = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
    wishes.WillDelayInterval = WILL_DELAY_S
    return wishes
