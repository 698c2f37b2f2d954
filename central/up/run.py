"""Bring a house up, watch it, take it down: migrate, load, start in order, report, stop in the opposite order."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from threading import Event
from types import FrameType

from sqlalchemy import Connection

from central import runtime
from central.config import CentralConfig, signing_key
from central.demo import company
from central.demo.agents import AGENTS, duties
from central.fleet import broker, enrolment
from central.fleet.agent_file import Centre
from central.fleet.secret_files import write_secret
from central.identity import sessions, tokens
from central.parts import Parts
from central.store import catalogue, people, schema
from central.up import programs, report
from central.up.children import Children
from central.up.folder import HouseFolder, held, prepared
from protocols.signing import public_text

Say = Callable[[str], None]
TEND_EVERY_S = 0.5
ADMIN = "admin"
TILL = "till"
TILL_SCOPES = ("movements:write",)
OUTBOX = Path("data") / "outbox.db"


@dataclass(frozen=True)
class Wishes:
    """How to run. seconds: stop by itself so long after all is ready; speed: simulated seconds a second."""

    is_empty: bool = False
    seconds: float | None = None
    report_file: Path | None = None
    speed: float = 1.0


def run(folder: HouseFolder, wishes: Wishes, say: Say) -> None:
    """Everything until Ctrl-C, SIGTERM or `wishes.seconds`. Raises CentralError when something cannot start."""
    with held(folder), _stopped_by_signals() as stopping:
        config = prepared(folder, say)
        with runtime.opened_engine(config) as engine:
            schema.upgrade(engine)
        with runtime.opened(config) as parts:
            link = _moved_in(parts, folder, config, wishes)
            before = report.counters(_outboxes(folder, wishes))
            children = Children(folder.logs, say, stopping.is_set)
            try:
                _start(children, parts, folder, config, wishes, say)
                if not stopping.is_set():
                    say(f"ready, open: {link}")
                _watch(children, stopping, wishes.seconds)
                _report(children, parts, folder, before, wishes, say)
            finally:
                children.stop_all()
                say("stopped")


def _moved_in(parts: Parts, folder: HouseFolder, config: CentralConfig, wishes: Wishes) -> str:
    """Whatever must be rows before the first program starts; the one-time address to open."""
    now = parts.now()
    with parts.writing() as conn:
        if not wishes.is_empty:
            company.settle_in(conn, now)
            company.open_doors(conn, now)
            _give_till_a_token(conn, parts, folder)
        if people.person_named(conn, ADMIN) is None:
            people.add_user(conn, ADMIN, "admin", now)
        return f"{config.console_url}/sign-in/link/{sessions.sign_in_link(conn, ADMIN, now)}"


def _give_till_a_token(conn: Connection, parts: Parts, folder: HouseFolder) -> None:
    if not folder.till_token_file.exists():
        token = tokens.issue(conn, TILL, company.SITE, TILL_SCOPES, parts.now(), token_bytes)
        write_secret(folder.till_token_file, token.encode())


def _start(children: Children, parts: Parts, folder: HouseFolder, config: CentralConfig, wishes: Wishes, say: Say) -> None:
    say("starting the broker and the servers")
    children.start(programs.broker(folder, config))
    children.start(*programs.servers(folder, config))
    if wishes.is_empty:
        return
    say(f"starting the simulator and {len(AGENTS)} agents")
    children.start(programs.simulator(folder, config, company.SCENE, wishes.speed))
    _enrol_agents(parts, folder, config)
    children.start(*(programs.agent(folder, device) for device in AGENTS))


def _enrol_agents(parts: Parts, folder: HouseFolder, config: CentralConfig) -> None:
    """Tell the agents where the simulator's doors and the broker are this time."""
    where = programs.simulated(folder, dict(company.scene().modbus_device_ids))
    centre = Centre(config.broker.host, config.broker.port, public_text(signing_key(config)))
    with parts.writing() as conn:
        shelves = catalogue.all_of(conn, catalogue.Shelf, company.SITE)
        machines = catalogue.all_of(conn, catalogue.Machine, company.SITE)
        for device, work in duties(where, shelves, machines).items():
            newcomer = enrolment.Newcomer(device, company.SITE, AGENTS[device], folder.agent(device))
            enrolment.enrol(conn, newcomer, folder.broker, centre, parts.now(), work)
    broker.reload(folder.broker)


def _watch(children: Children, stopping: Event, seconds: float | None) -> None:
    until_s = None if seconds is None else time.monotonic() + seconds
    while not stopping.wait(TEND_EVERY_S) and (until_s is None or time.monotonic() < until_s):
        children.tend()


def _report(
    children: Children, parts: Parts, folder: HouseFolder, before: report.Counters, wishes: Wishes, say: Say
) -> None:
    if wishes.report_file is None:
        return
    children.stop("simulator")  # nothing new to see: what is in the outboxes can drain
    after = report.drained(lambda: report.counters(_outboxes(folder, wishes)), lambda: _cursors(parts))
    with parts.reading() as conn:
        ledger = report.written(conn, report.Run(before, after))
    wishes.report_file.write_text(json.dumps(ledger, indent=2) + "\n", encoding="utf-8")
    say(f"report: {ledger['events_landed']} of {ledger['events_created']} events landed, see {wishes.report_file}")


def _cursors(parts: Parts) -> dict[str, int]:
    with parts.reading() as conn:
        return report.cursors(conn)


def _outboxes(folder: HouseFolder, wishes: Wishes) -> dict[str, Path]:
    return {} if wishes.is_empty else {device: folder.agent(device) / OUTBOX for device in AGENTS}


@contextmanager
def _stopped_by_signals() -> Iterator[Event]:
    """An event that Ctrl-C and SIGTERM set; what they did before is put back."""
    stopping = Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
