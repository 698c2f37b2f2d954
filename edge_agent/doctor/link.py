"""The way to the centre: keys and papers, the broker's port, signing in, whether the centre is heard."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty

from edge_agent.agent import broker_place
from edge_agent.clock import DeviceClock
from edge_agent.config import EdgeConfig, centre_key, signing_key
from edge_agent.doctor.check import Check, guarded
from edge_agent.errors import EdgeError
from edge_agent.link.connection import Connected, Connection, Disconnected, Happening, Received
from edge_agent.link.inbox import Inbox
from edge_agent.outbox.database import OUTBOX_NAME, is_at_work
from protocols.errors import ProtocolError
from protocols.messages.device import CentralState, Desired

ANSWER_TIMEOUT_S = 4.0


def link_checks(config: EdgeConfig, clock: DeviceClock) -> Iterator[Check]:
    """From the keys outwards; a broker that is not there is not asked further, nor one to which the agent is connected."""
    yield guarded("keys", lambda: _keys(config))
    if config.broker.certificate_file is not None:
        yield guarded("certificate", lambda: _certificate(config, clock))
    broker = _broker_port(config)
    yield broker
    if broker.ok and config.broker.certificate_file is not None and is_at_work(config.data_dir / OUTBOX_NAME):
        # The broker takes the certificate's name as client id: a second connection would end the agent's own.
        yield Check("sign-in", True, "not tried: the agent runs, and only one of us can be connected; stop it to try")
    elif broker.ok:
        yield from _guarded_link(config)


def _keys(config: EdgeConfig) -> Check:
    signing_key(config)
    centre_key(config)
    broker_place(config)
    return Check("keys", True, "own key, the centre's key and the broker password can be read")


def _certificate(config: EdgeConfig, clock: DeviceClock) -> Check:
    papers = broker_place(config).papers
    if papers is None:
        return Check("certificate", True, "none: this device signs in with a password")
    days = (papers.ends_at() - clock.now().at).days
    again = f"claim it again at the centre: tallyhouse device claim {config.device} --replace"
    if days < 0:
        return Check("certificate", False, f"has ended {-days} days ago", again)
    if papers.is_due(clock.now().at):
        return Check(
            "certificate", False, f"{days} days left, and it was not renewed", "is centre_url right, and the console up?"
        )
    return Check("certificate", True, f"{days} days left; it renews itself")


def _broker_port(config: EdgeConfig) -> Check:
    where = f"{config.broker.host}:{config.broker.port}"
    try:
        socket.create_connection((config.broker.host, config.broker.port), timeout=ANSWER_TIMEOUT_S).close()
    except OSError as error:
        return Check("broker", False, f"{where}: {error}", "is the centre up, and the address in [broker] right?")
    return Check("broker", True, f"{where} accepts connections")


def _guarded_link(config: EdgeConfig) -> Iterator[Check]:
    try:
        yield from _link(config)
    except EdgeError as error:
        yield Check("link", False, str(error))


def _link(config: EdgeConfig) -> Iterator[Check]:
    connection = Connection(config.site, config.device, broker_place(config), signing_key(config), None)
    inbox = Inbox(config.site, config.device, centre_key(config))
    connection.start()
    try:
        heard = list(_heard(connection))
    finally:
        connection.stop(None)
    words, wrong = _read(inbox, heard)
    refusal = next((happening.why for happening in heard if isinstance(happening, Disconnected)), "no answer")
    is_in = any(isinstance(happening, Connected) for happening in heard)
    yield Check("sign-in", is_in, "accepted" if is_in else refusal, None if is_in else "check username and password_file")
    proven = any(isinstance(word, Desired) for word in words)
    text = "a signed down/desired came" if proven else (wrong or "no signed down/desired came, so no acknowledgement will")
    remedy = "add this device at the centre (`tallyhouse device add`), check site, device and centre_key"
    yield Check("subscription", proven, text, None if proven else remedy)
    online = any(isinstance(word, CentralState) and word.online for word in words)
    remedy = "start `tallyhouse ingest`, or `tallyhouse up`"
    yield Check("centre", online, "online" if online else "not online", None if online else remedy)


def _heard(connection: Connection) -> Iterator[Happening]:
    deadline_s = time.monotonic() + ANSWER_TIMEOUT_S
    received = 0
    while received < 2 and time.monotonic() < deadline_s:
        with suppress(Empty):
            happening = connection.happenings.get(timeout=0.2)
            received += isinstance(happening, Received)
            yield happening


def _read(inbox: Inbox, heard: list[Happening]) -> tuple[list[object], str | None]:
    words, wrong = list[object](), None
    for happening in heard:
        if isinstance(happening, Received):
            try:
                words.append(inbox.read(happening.topic, happening.payload, happening.signature))
            except ProtocolError as error:
                wrong = f"{happening.topic}: {error}"
    return words, wrong
