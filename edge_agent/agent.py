"""Builds the parts of an agent from its configuration; starts, watches and stops the threads.

Threads: one for each source, one publisher, one each for what the centre asks (twin, commands), and the caller's as
supervisor, which speaks health.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event as Flag
from threading import Thread

import structlog

from edge_agent.clock import DeviceClock, boot_id
from edge_agent.config import EdgeConfig, broker_password, centre_key, signing_key
from edge_agent.following import Following, following
from edge_agent.health import HealthReport
from edge_agent.link.connection import BrokerPlace, Connection
from edge_agent.link.inbox import Inbox
from edge_agent.link.orders import NoOrders
from edge_agent.link.papers import Papers
from edge_agent.link.publisher import Publisher
from edge_agent.link.renewal import Renewing
from edge_agent.link.states import birth_payload
from edge_agent.link.uploader import Uploader
from edge_agent.logs import RecentLogs
from edge_agent.observer import Observer
from edge_agent.outbox.budget import in_bytes
from edge_agent.outbox.database import OUTBOX_NAME
from edge_agent.outbox.entry import Stamper
from edge_agent.outbox.evidence import EvidenceSpool
from edge_agent.outbox.queue import Queue
from edge_agent.outbox.recovery import open_outbox
from edge_agent.outbox.wear import WearMeter
from edge_agent.service import Service
from edge_agent.twin import read_applied, with_applied
from edge_agent.workshop import Replay, Workshop, birth
from protocols.codec import encode
from protocols.messages.device import Health, Will

WATCH_INTERVAL_S = 0.2
STOP_TIMEOUT_S = 5.0
UNHEARD_RETRY_S = 1.0
LINGER_S = 2.0
LOOK_S = 0.02

_log = structlog.get_logger()


@dataclass(frozen=True)
class Agent:
    """The parts of a running agent."""

    config: EdgeConfig
    clock: DeviceClock
    queue: Queue
    spool: EvidenceSpool
    connection: Connection
    publisher: Publisher
    observers: Sequence[Observer]
    health: HealthReport
    stop: Flag
    renewing: Renewing | None = None
    following: Following | None = None
    leave: Flag = field(default_factory=Flag)
    _threads: list[Thread] = field(default_factory=list)
    _followers: list[Thread] = field(default_factory=list)

    def start(self) -> None:
        """Connect and begin to observe."""
        self.connection.start()
        self._threads.append(_started("publisher", lambda: self.publisher.run(self.leave)))
        for observer in self.observers:
            self._threads.append(_started(f"source {observer.source_id}", observer.run))
        for name, work in self.following.work().items() if self.following is not None else ():
            self._followers.append(_started(name, partial(work, self.stop)))
        if self.renewing is not None:
            _started("renewal", partial(self.renewing.run, self.stop))
        _log.info("started", device=self.config.device, site=self.config.site, sources=[o.source_id for o in self.observers])

    def supervise(self, is_done: Callable[[], bool], service: Service | None = None) -> bool:
        """Speak health until `stop` is set or `is_done`, and tell the `service` manager; False when a thread has failed."""
        service, status, due_s = service or Service(), "connecting", float("-inf")
        service.ready()
        while not self.stop.wait(WATCH_INTERVAL_S) and not is_done():
            if not self._are_well():
                return False
            if time.monotonic() >= due_s:
                status, is_heard = self._speak_health()
                due_s = time.monotonic() + (self.config.health_interval_s if is_heard else UNHEARD_RETRY_S)
            service.alive(status)
        service.stopping()
        return True

    def health_asked(self) -> Callable[[], Health]:
        """The state of each moment, for who asks besides the centre."""
        report = HealthReport(self.config.data_dir, self.clock, self.queue, self.observers)
        return lambda: report.now(self.publisher.alarm())

    def _speak_health(self) -> tuple[str, bool]:
        """How it goes in a line, and whether the broker was there to be told."""
        health, is_heard = self.health.now(self.publisher.alarm()), self.publisher.state.connected
        if is_heard:
            self.connection.publish("health", encode(health))
        return health.paused or f"{len(health.sources)} sources, {health.outbox.count} events wait", is_heard

    def shut(self) -> None:
        """Stop observing, commit, send what can be sent within a moment, say that this was meant."""
        self.stop.set()
        publisher, *observers = self._threads
        deadline_s = time.monotonic() + STOP_TIMEOUT_S
        for thread in (*observers, *self._followers):
            thread.join(timeout=max(0.0, deadline_s - time.monotonic()))
        self._linger()
        self.leave.set()
        self.connection.nudge()
        publisher.join(timeout=STOP_TIMEOUT_S)
        self.connection.stop(encode(Will(boot=self.clock.boot, reason="stopped")))
        self.queue.prune()
        _log.info("stopped", outbox=self.queue.state().count)

    def _linger(self) -> None:
        deadline_s = time.monotonic() + LINGER_S
        while self.publisher.state.centre_online and self.queue.has_waiting() and time.monotonic() < deadline_s:
            time.sleep(LOOK_S)

    def _are_well(self) -> bool:
        publisher, *observers = self._threads
        pairs = zip(self.observers, observers, strict=True)
        are_following = all(thread.is_alive() for thread in self._followers)
        return publisher.is_alive() and are_following and all(t.is_alive() or o.state.state == "ended" for o, t in pairs)

    def is_drained(self) -> bool:
        """Whether every source has ended and the centre has everything."""
        are_over = not any(thread.is_alive() for thread in self._threads[1:])
        have_ended = all(observer.state.state == "ended" for observer in self.observers)
        return are_over and have_ended and not self.queue.has_waiting() and self.spool.count() == 0


def build(
    own: EdgeConfig, stack: ExitStack, stop: Flag, replay: Replay | None = None, recent: RecentLogs | None = None
) -> Agent:
    """An agent ready to start, from its own file and the twin that was applied last; `stack` closes its file.

    In a `replay` the recording and its task must be well (else BadRecording, TaskNotBuilt), no state is restored, and
    nothing is done that the centre asks. `recent`: the log lines that may be sent. Raises ConfigError, UnknownTask,
    OutboxError.
    """
    clock = DeviceClock(boot_id())
    key, centre = signing_key(own), centre_key(own)
    file = open_outbox(own.data_dir / OUTBOX_NAME, Stamper(clock))
    stack.callback(file.close)
    applied = read_applied(file)
    config = own if replay is not None else with_applied(own, applied)
    queue, spool = Queue(file, in_bytes(own.budget)), EvidenceSpool(file)
    will = encode(Will(boot=clock.boot, reason="connection_lost"))
    place = replace(broker_place(config), knows_the_time=clock.now().clock != "bad")
    connection = Connection(config.site, config.device, place, key, will)
    uploader = Uploader(config.device, spool, connection)
    workshop = Workshop(config, file, queue, clock, connection, stop, replay)
    if replay is None:
        workshop.slots.start()
    observers = [workshop.observer(source) for source in config.source]
    orders = None if replay is not None else following(own, workshop, observers, applied, recent or RecentLogs())
    inbox = Inbox(config.site, config.device, centre, orders or NoOrders())
    born = birth_payload(birth(config, clock, observers, orders.actions if orders is not None else {}))
    publisher = Publisher(connection, queue, uploader, inbox, clock, born)
    rated_tb = own.budget.card_tb_written
    health = HealthReport(config.data_dir, clock, queue, observers, wear=WearMeter(rated_tb and rated_tb * 1e12))
    renewing = None
    if place.papers is not None and config.centre_url is not None:
        renewing = Renewing(config.device, config.centre_url, place.papers, key, clock, connection.show_new_papers)
    return Agent(config, clock, queue, spool, connection, publisher, observers, health, stop, renewing, orders)


def broker_place(config: EdgeConfig) -> BrokerPlace:
    """Where the broker is and how to sign in. Raises ConfigError."""
    broker, user = config.broker, config.broker.username or config.device
    place = BrokerPlace(broker.host, broker.port, user, broker_password(config), broker.keepalive_s)
    if broker.certificate_file is None or broker.authority_file is None:
        return place
    return replace(place, papers=Papers(config.key_file, broker.certificate_file, broker.authority_file))


def _started(name: str, work: Callable[[], None]) -> Thread:
    def run() -> None:
        try:
            work()
        except Exception:
            _log.exception("thread_failed", thread=name)

    thread = Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread
