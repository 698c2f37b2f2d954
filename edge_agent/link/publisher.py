"""Drains the outbox: batches in order, delivered only by the centre's contiguous acknowledgement, never by a PUBACK.

The rules are in `window.py`; this is the thread that turns happenings into steps of the window and turns into messages.
"""

from collections.abc import Callable
from dataclasses import replace
from queue import Empty
from threading import Event as Flag

import structlog

from edge_agent.clock import DeviceClock
from edge_agent.errors import OutboxBusy, OutboxFull
from edge_agent.link import window as rules
from edge_agent.link.connection import Connected, Disconnected, Happening, Line, Published, Received
from edge_agent.link.inbox import Inbox
from edge_agent.link.sender import Sender
from edge_agent.link.state import LinkState
from edge_agent.link.uploader import Uploader
from edge_agent.outbox.entry import Entry, Stamper
from edge_agent.outbox.queue import Queue
from protocols.envelope import MAX_BATCH_EVENTS, Acknowledgement
from protocols.errors import ProtocolError
from protocols.messages.command import Command
from protocols.messages.device import CentralState, Desired
from protocols.messages.lost import Lost

IDLE_S = 30.0
ASK_AGAIN_S = 30.0
BROKER_REFUSED = 128
NOBODY_SUBSCRIBED = 16

_log = structlog.get_logger()


class Publisher:
    """The only thread that sends events and evidence."""

    def __init__(
        self,
        connection: Line,
        queue: Queue,
        uploader: Uploader,
        inbox: Inbox,
        clock: DeviceClock,
        birth: bytes,
        patience_s: float = 5.0,
    ) -> None:
        self.state = LinkState(since_s=clock.monotonic_s())
        self._connection, self._queue, self._uploader = connection, queue, uploader
        self._inbox, self._clock, self._birth = inbox, clock, birth
        self._stamper = Stamper(clock)
        self._window = rules.opened(queue.acknowledged, patience_s)
        self._sender = Sender(inbox.device, connection, queue, clock)
        self._epoch: str | None = None
        self._suspicion: tuple[int, float] | None = None
        self._ask_s: float | None = None
        self._is_resting = False

    def run(self, stop: Flag) -> None:
        """Work until `stop` is set (and the connection nudged)."""
        while not stop.is_set():
            self.step(self.wait_s())

    def step(self, wait_s: float) -> None:
        """Take what happened, waiting so long for the first thing, and do what is due."""
        self._take(wait_s)
        if self._is_resting and self._clock.monotonic_s() >= self._window.not_before_s:
            self._is_resting = False
            self._connection.start()
        if self._is_at_work():
            self._work(self._clock.monotonic_s())

    def nudge(self) -> None:
        """Something new lies in the outbox."""
        self._connection.nudge()

    def alarm(self) -> str | None:
        """What a person should know of the link; None when all is well."""
        return self.state.alarm(self._clock.monotonic_s())

    def wait_s(self) -> float:
        """How long until something is due, if nothing happens."""
        now_s = self._clock.monotonic_s()
        window_s = rules.due(self._window, now_s) if self._is_at_work() or self._is_resting else None
        upload_s = self._uploader.due() if self._may_upload() else None
        ask_s = self._ask_s if self._is_at_work() and not self._window.absent else None
        return min([IDLE_S, *(max(0.01, moment - now_s) for moment in (window_s, upload_s, ask_s) if moment is not None)])

    def _is_at_work(self) -> bool:
        return self.state.connected and self.state.halted is None

    def _may_upload(self) -> bool:
        return self._is_at_work() and not (self._window.absent or self._window.offline or self._window.refusals)

    def _take(self, timeout_s: float) -> None:
        try:
            self._happened(self._connection.happenings.get(timeout=timeout_s))
        except Empty:
            self._queue.prune()  # nothing was committed for a while that could have taken the pruning along
            return
        try:
            while True:
                self._happened(self._connection.happenings.get_nowait())
        except Empty:
            return

    def _happened(self, happening: Happening) -> None:
        now_s = self._clock.monotonic_s()
        match happening:
            case Connected():
                self._connected(now_s)
            case Disconnected(why):
                self._note(connected=False, proven=False, disconnected=why)
            case Published(mid, reason, name):
                self._broker_answered(mid, reason, name, now_s)
            case Received(topic, payload, signature):
                self._received(topic, payload, signature, now_s)

    def _connected(self, now_s: float) -> None:
        self._note(connected=True, disconnected=None, since_s=now_s)
        self._connection.publish("status", self._birth, retain=True)
        self._uploader.reconnected()
        self._inbox.orders.connected()
        self._sender.reconnected()
        self._window = rules.reconnected(self._window, now_s)

    def _broker_answered(self, mid: int, reason: int, name: str, now_s: float) -> None:
        is_batch = self._sender.answered(mid)
        if reason >= BROKER_REFUSED:
            self._refused(f"the broker refuses our messages ({reason} {name}): check user, password and access list", now_s)
        elif is_batch and reason == NOBODY_SUBSCRIBED:
            self._sender.unheard()
            self._window = rules.nobody_there(self._window, now_s)
        elif is_batch:
            self._note(refusal=None)
            self._window = rules.accepted(self._window)

    def _refused(self, why: str, now_s: float) -> None:
        if not self._is_resting:
            self._note(refusal=why)
            self._window = rules.refused(self._window, now_s)
            self._is_resting = True
            self._connection.rest()

    def _received(self, topic: str, payload: bytes, signature: str | None, now_s: float) -> None:
        try:
            word = self._inbox.read(topic, payload, signature)
        except ProtocolError as error:
            self._note(refused_messages=self.state.refused_messages + 1)
            _log.error("message_refused", topic=topic, why=str(error), remedy="compare centre_key with the centre's key")
            return
        match word:
            case Acknowledgement():
                self._acknowledged(word, now_s)
            case Desired():
                self._note(proven=True)
                self._inbox.orders.heard(word)
            case Command():
                self._inbox.orders.heard(word)
            case CentralState():
                self._centre_said(word, now_s)

    def _acknowledged(self, ack: Acknowledgement, now_s: float) -> None:
        if ack.replies:
            self._inbox.orders.acknowledged(ack.boot, ack.replies)
        if ack.boot != self._clock.boot and not self._queue.has_boot(ack.boot):
            _log.warning("acknowledgement_of_another_boot", boot=ack.boot, remedy="is a second device using this name?")
            return
        if ack.evidence:
            self._guarded(lambda: self._uploader.delivered(ack.evidence, now_s))
        if ack.begun:
            self._guarded(lambda: self._uploader.begun(ack.begun, now_s))
        reached = ack.upto if ack.upto is not None else ack.gap
        if reached is None:
            return
        self._ask_s = None
        self._sender.heard()
        if max(reached, ack.ahead or 0) > self._queue.last:
            self._halt(max(reached, ack.ahead or 0))
        elif ack.gap is not None and ack.gap < self._queue.acknowledged:
            self._forgotten(ack.gap, now_s)
        else:
            self._suspicion = None
            step = rules.acknowledged if ack.gap is None else rules.gap
            self._window = step(self._window, reached, now_s)
            self._queue.acknowledge(reached)

    def _centre_said(self, state: CentralState, now_s: float) -> None:
        is_new = self._epoch is not None and state.epoch != self._epoch
        self._epoch = state.epoch
        if is_new:
            self._uploader.spool.forget_delivered()
        if state.online and not self.state.centre_online:  # what was sent while nobody listened
            self._uploader.reconnected()
            self._sender.unheard()
        self._note(centre_online=state.online)
        self._ask_s = now_s if state.online else self._ask_s
        self._window = rules.centre_said(self._window, state.online, is_new, now_s)

    def _work(self, now_s: float) -> None:
        before = self._window
        self._window, hopeless = rules.ticked(self._window, now_s)
        if self._window.rewound_s != before.rewound_s:
            self._note(rewinds=self.state.rewinds + 1)
            self._sender.heard()
        if hopeless is not None:
            self._guarded(lambda: self._set_aside(hopeless, f"not acknowledged, {rules.MAX_STRIKES} times alone"))
        while (turn := rules.turn(self._window, self._queue.last, now_s, MAX_BATCH_EVENTS)) is not None:
            if not self._send(turn, now_s):
                break
        if self._ask_s is not None and now_s >= self._ask_s and not self._window.absent:
            self._ask(now_s)
        if self._may_overtake(now_s):
            self._note(news=self.state.news + self._sender.overtake(self._window.sent))
        if self._may_upload():
            self._guarded(lambda: self._uploader.step(self._window.sent, now_s))

    def _may_overtake(self, now_s: float) -> bool:
        """Whether more waits than the window carries. Not while events go singly: only a probe may be answered then."""
        window = self._window
        is_in_batches = window.acknowledged >= window.singly_upto
        return is_in_batches and window.sent < self._queue.last and now_s >= window.not_before_s and self._may_upload()

    def _ask(self, now_s: float) -> None:
        """Whether the centre still has what it acknowledged: restored from a backup, it would otherwise learn of the hole
        only by the next event."""
        self._ask_s = now_s + ASK_AGAIN_S if self._sender.ask() else None

    def _send(self, turn: rules.Turn, now_s: float) -> bool:
        rows = self._sender.waiting(turn.after, turn.count)
        if not rows:
            return False
        if not self._sender.send(rows):
            return self._guarded(lambda: self._set_aside(rows[0].sequence, "larger than a batch may be"))
        is_probed = turn.probe and self._sender.probe(rows[-1].sequence)
        self._window = rules.published(self._window, rows[0].sequence, rows[-1].sequence, now_s, is_probed)
        return True

    def _set_aside(self, sequence: int, why: str) -> None:
        _log.error("event_set_aside", sequence=sequence, why=why, remedy="see `tallyhouse-edge outbox`; declared as lost")
        self._queue.set_aside(sequence, why, self._stamper.entry(Lost(first=sequence, last=sequence, reason="refused")))

    def _forgotten(self, upto: int, now_s: float) -> None:
        """The centre lost what it had acknowledged (an old backup): send what is still here, declare what is not.

        Believed when it says so again after everything was sent again: one stray answer must not declare anything lost.
        """
        said_before, since_s = self._suspicion or (None, now_s)
        if said_before == upto and now_s - since_s > rules.GAP_ECHO_S:
            self._suspicion = None
            self._take_back(upto, now_s)
            return
        if said_before != upto:
            self._suspicion = (upto, now_s)
            self._window = rules.rewound(self._window, now_s)
        self._ask_s = now_s + 2 * rules.GAP_ECHO_S  # also when nothing waits

    def _take_back(self, upto: int, now_s: float) -> None:
        if self._guarded(lambda: self._queue.take_back(upto, self._evicted)):
            self._window = rules.rewound(replace(self._window, acknowledged=upto), now_s)

    def _evicted(self, first: int, last: int) -> Entry:
        _log.error("centre_forgot", first=first, last=last, remedy="these are declared lost; restore a newer backup")
        return self._stamper.entry(Lost(first=first, last=last, reason="evicted"))

    def _halt(self, reached: int) -> None:
        text = (
            f"the centre has events of {self._inbox.device} up to {reached}, this outbox only made {self._queue.last}: "
            f"it is a new or copied file; stop the agent and run `tallyhouse-edge outbox --continue-after {reached}`"
        )
        _log.error("sequence_behind_centre", remedy=text)
        self._note(halted=text)

    def _guarded(self, act: Callable[[], None]) -> bool:
        try:
            act()
        except (OutboxFull, OutboxBusy) as error:
            self._note(disk=str(error))
            return False
        self._note(disk=None)
        return True

    def _note(self, **changes: object) -> None:
        before, self.state = self.state, replace(self.state, **changes)  # type: ignore[arg-type]
        if self.state.trouble is not None and self.state.trouble != before.trouble:
            _log.error("link_trouble", why=self.state.trouble)
        if self.state.connected and not before.connected:
            _log.info("connected")
