"""What is wrong with this device and what to do about it: one check for each thing that an agent needs."""

import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty

from edge_agent.agent import broker_place
from edge_agent.clock import EARLIEST, DeviceClock
from edge_agent.config import EdgeConfig, SourceConfig, TaskConfig, centre_key, signing_key
from edge_agent.errors import EdgeError, SourceEnded
from edge_agent.link.connection import Connected, Connection, Disconnected, Happening, Received
from edge_agent.link.inbox import Inbox
from edge_agent.outbox.database import OUTBOX_NAME, open_read_only
from edge_agent.outbox.state import oldest_age_s, read_state
from edge_agent.registry import open_source
from edge_agent.workshop import built_task, model_slots, source_place
from protocols.errors import ProtocolError
from protocols.messages.device import CentralState, Desired

ROOM_NEEDED_MB = 100
ANSWER_TIMEOUT_S = 4.0
SAMPLE_TIMEOUT_S = 8.0
OLD_EVENTS_S = 3600


@dataclass(frozen=True)
class Check:
    """One thing looked at. `text` says what is; `remedy` what to do when it is not well and `text` does not say so."""

    name: str
    ok: bool
    text: str
    remedy: str | None = None


def examined(config: EdgeConfig, clock: DeviceClock) -> Iterator[Check]:
    """Every check in turn, from the machine outwards."""
    yield _clock(clock)
    yield _disk(config)
    yield _outbox(config, clock)
    yield _guarded("keys", lambda: _keys(config))
    if config.broker.certificate_file is not None:
        yield _guarded("certificate", lambda: _certificate(config, clock))
    broker = _broker_port(config)
    yield broker
    if broker.ok:  # else the other end has nothing to be asked
        yield from _guarded_link(config)
    for source in config.source:
        yield _guarded(f"source {source.id}", partial(_source, source, clock))
    for task in config.task:
        yield _guarded(f"task {task.kind} on {task.source}", partial(_task, config, task, clock))


def _clock(clock: DeviceClock) -> Check:
    now = clock.now()
    if now.clock == "bad":
        return Check(
            "clock", False, f"it is {now.at:%Y-%m-%d}, before {EARLIEST:%Y-%m-%d}", "start time synchronisation (NTP)"
        )
    kept = {"ntp": "kept by NTP", "rtc": "kept by a clock chip", "estimated": "kept by nothing that is known"}[now.clock]
    return Check("clock", True, f"{now.at:%Y-%m-%d %H:%M} UTC, {kept}")


def _disk(config: EdgeConfig) -> Check:
    folder = next(folder for folder in (config.data_dir, *config.data_dir.parents) if folder.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return Check("disk", False, f"{folder} is no folder that this user may write to", "correct data_dir or its rights")
    free_mb = shutil.disk_usage(folder).free / 1e6
    remedy = None if free_mb >= ROOM_NEEDED_MB else "free space: observing pauses when nothing more fits"
    return Check("disk", remedy is None, f"{free_mb:.0f} MB free at {config.data_dir}", remedy)


def _outbox(config: EdgeConfig, clock: DeviceClock) -> Check:
    path = config.data_dir / OUTBOX_NAME
    if not path.exists():
        return Check("outbox", True, "none yet: this device has not concluded anything")
    try:
        with closing(open_read_only(path)) as connection:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            state = read_state(connection)
    except sqlite3.Error as error:
        return Check(
            "outbox", False, f"{path}: {error}", "restart the agent: it sets the file aside and keeps what can be read"
        )
    age_s = oldest_age_s(state, clock.now().at)
    text = f"{state.count} events wait, {state.bytes} bytes, oldest {age_s:.0f} s; {state.set_aside} set aside"
    return Check("outbox", *_outbox_verdict(verdict, state.set_aside, age_s, text))


def _outbox_verdict(verdict: str, set_aside: int, age_s: float, text: str) -> tuple[bool, str, str | None]:
    if verdict != "ok":
        return False, f"{text}; damaged: {verdict}", "restart the agent: it keeps what can be read"
    if set_aside:
        return False, text, "see `tallyhouse-edge outbox`: the centre never acknowledged these"
    if age_s > OLD_EVENTS_S:
        return False, text, "nothing was delivered for an hour: see the checks of broker and centre"
    return True, text, None


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


def _source(source: SourceConfig, clock: DeviceClock) -> Check:
    opened = open_source(source_place(source, None), clock)
    deadline_s = time.monotonic() + SAMPLE_TIMEOUT_S
    try:
        while time.monotonic() < deadline_s:
            if opened.read(0.5) is not None:
                return Check(f"source {source.id}", True, "gives samples")
    except SourceEnded:
        return Check(f"source {source.id}", False, "the recording is empty", "replace it")
    finally:
        opened.close()
    return Check(f"source {source.id}", False, f"no sample in {SAMPLE_TIMEOUT_S:.0f} s", "check power, address and cable")


def _task(config: EdgeConfig, task: TaskConfig, clock: DeviceClock) -> Check:
    source = next(source for source in config.source if source.id == task.source)
    with closing(open_source(source_place(source, None), clock)) as opened:
        built_task(task, source, opened.units, model_slots(config).model(task.kind))
    return Check(f"task {task.kind} on {task.source}", True, "settings and model are fine")


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except (EdgeError, OSError) as error:
        return Check(name, False, str(error))
