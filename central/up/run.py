"""Bring a house up, watch it, take it down: migrate, load, start in order, report, stop in the opposite order."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_bytes
from threading import Event
from types import FrameType

from sqlalchemy import Connection

from central import runtime
from central.config import CentralConfig
from central.demo import company
from central.demo.agents import AGENTS, duties
from central.errors import Refused
from central.fleet import broker, enrolment, integrators
from central.fleet.claims import Wish
from central.fleet.secret_files import write_secret
from central.identity import sessions, tokens
from central.parts import Parts
from central.store import catalogue, people, schema
from central.up import claiming, programs, report
from central.up.children import Children
from central.up.folder import HouseFolder, held, prepared
from central.up.keeping import Keeper
from central.up.labelling import frames_labelled

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
    tls: bool = False


@dataclass(frozen=True)
class _House:
    """What the steps of one run share."""

    folder: HouseFolder
    wishes: Wishes
    config: CentralConfig
    parts: Parts
    children: Children
    stopping: Event
    say: Say

    @property
    def agents(self) -> dict[str, str]:
        """The agents that run here, name → label."""
        return {} if self.wishes.is_empty else dict(AGENTS)

    def counters(self) -> report.Counters:
        """The last sequence of each agent."""
        return report.counters({device: self.folder.agent(device) / OUTBOX for device in self.agents})

    def cursors(self) -> report.Counters:
        """How far the centre has them."""
        with self.parts.reading() as conn:
            return report.cursors(conn)


def run(folder: HouseFolder, wishes: Wishes, say: Say) -> None:
    """Everything until Ctrl-C, SIGTERM or `wishes.seconds`. Raises CentralError when something cannot start."""
    if wishes.report_file and not wishes.report_file.absolute().parent.is_dir():
        raise Refused(f"--report {wishes.report_file}: there is no such folder; make it, or name another file")
    with held(folder), _stopped_by_signals() as stopping:
        config = prepared(folder, say, wants_tls=wishes.tls)
        with runtime.opened_engine(config) as engine:
            schema.upgrade(engine)
        with runtime.opened(config) as parts:
            _live(_House(folder, wishes, config, parts, Children(folder.logs, say, stopping.is_set), stopping, say))


def _live(house: _House) -> None:
    address = _moved_in(house)
    before = house.counters()
    try:
        _start(house)
        if not house.stopping.is_set():
            house.say(f"ready, open: {address}")
        with nullcontext() if house.wishes.is_empty else frames_labelled(house.config.data_dir / "labelled", company.SCENE):
            _watch(house)
        _report(house, before)
    finally:
        house.children.stop_all()
        house.say("stopped")


def _moved_in(house: _House) -> str:
    """Whatever must be rows before the first program starts; the one-time address to open."""
    now = house.parts.now()
    with house.parts.writing() as conn:
        if not house.wishes.is_empty:
            company.settle_in(conn, now)
            company.open_doors(conn, now)
            _give_till_a_token(conn, house.folder, now)
        broker.write_access(house.folder.broker, house.config.broker.user, integrators.listeners(conn))
        if people.person_named(conn, ADMIN) is None:
            people.add_user(conn, ADMIN, "admin", now)
        return f"{house.config.console_url}/sign-in/link/{sessions.sign_in_link(conn, ADMIN, now)}"


def _give_till_a_token(conn: Connection, folder: HouseFolder, now: datetime) -> None:
    if not folder.till_token_file.exists():
        token = tokens.issue(conn, TILL, company.SITE, TILL_SCOPES, now, token_bytes)
        write_secret(folder.till_token_file, token.encode())


def _start(house: _House) -> None:
    folder, config = house.folder, house.config
    house.say("starting the broker and the servers")
    house.children.start(programs.broker(folder, config))
    house.children.start(*programs.servers(folder, config))
    if house.wishes.is_empty or house.stopping.is_set():
        return
    house.say(f"starting the simulator and {len(house.agents)} agents")
    house.children.start(programs.simulator(folder, config, company.SCENE, house.wishes.speed))
    if not house.stopping.is_set():
        _enrol_agents(house)
        house.children.start(*(programs.agent(folder, device) for device in house.agents))


def _enrol_agents(house: _House) -> None:
    """Tell the agents where the doors of simulator and broker are this time; with TLS they first make themselves known."""
    parts, gate = house.parts, house.parts.require_gate()
    where = programs.simulated(house.folder, company.scene().modbus_device_ids)
    if gate.has_tls:
        for device, label in house.agents.items():
            claiming.make_known(parts, house.folder, Wish(device, company.SITE, label))
    with parts.writing() as conn:
        shelves = catalogue.all_of(conn, catalogue.Shelf, company.SITE)
        machines = catalogue.all_of(conn, catalogue.Machine, company.SITE)
        for device, work in duties(where, shelves, machines).items():
            newcomer = enrolment.Newcomer(device, company.SITE, house.agents[device], house.folder.agent(device))
            enrolment.enrol(conn, newcomer, gate, parts.now(), work)
    broker.reload(house.folder.broker)


def _watch(house: _House) -> None:
    seconds = house.wishes.seconds
    until_s = None if seconds is None else time.monotonic() + seconds
    keeper = Keeper(house.parts, house.config, house.say)
    while not house.stopping.wait(TEND_EVERY_S) and (until_s is None or time.monotonic() < until_s):
        house.children.tend()
        keeper.look(time.monotonic())


def _report(house: _House, before: report.Counters) -> None:
    file = house.wishes.report_file
    if file is None:
        return
    house.children.stop("simulator")  # nothing new to see: what is in the outboxes can drain
    after = report.drained(house.counters, house.cursors)
    with house.parts.reading() as conn:
        ledger = report.written(conn, report.Run(before, after))
    file.write_text(json.dumps(ledger, indent=2) + "\n", encoding="utf-8")
    house.say(f"report: {ledger['events_landed']} of {ledger['events_created']} events landed, see {file}")


@contextmanager
def _stopped_by_signals() -> Iterator[Event]:
    """An event that Ctrl-C, SIGTERM and a closed terminal set; what they did before is put back."""
    stopping = Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
