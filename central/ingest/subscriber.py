"""The loop of `tallyhouse ingest`: what the broker brings is landed with all else that waits, and then acknowledged.

The client's thread fills a bounded queue, this one empties it: a full queue is the brake. While some messages are landed,
the signatures of the next are checked. The order is commit, PUBACK, `down/ack`: a crash in between makes the broker or the
device send again, which has no effect.
"""

import gc
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from queue import Empty, Full, Queue
from threading import Event

import structlog

from central.bus import Address, Bus, Listening, Message, Will
from central.errors import BusError
from central.ingest.judging import Begun, Judge
from central.ingest.signatures import Signatures
from central.ingest.speakers import Speakers
from central.ingest.telling import Teller
from central.ingest.waiting import Waiting
from central.ingest.writer import Writer
from central.parts import Parts
from central.store import devices, house, identities
from central.store.devices import Device
from protocols import topics
from protocols.codec import encode, wire_time
from protocols.messages.device import CentralState
from protocols.signing import PrivateKey

CLIENT_ID = "central-ingest"
MOST_WAITING = 200
LOOK_EVERY_S = 0.2
GOODBYE_S = 2.0

log = structlog.get_logger()


def run(parts: Parts, address: Address, signing_key: PrivateKey, stop: Event) -> None:
    """Land what devices say until `stop` is set."""
    _rest_the_collector()
    with parts.writing() as conn:
        state = _State(house.epoch(conn), parts.now)
    speakers = Speakers(lambda: _on_record(parts), time.monotonic, lambda: _ended(parts))
    signatures = Signatures()
    judge, writer = Judge(speakers, parts.now, signatures), Writer(parts, stop.wait)
    teller = Teller(parts, signing_key, time.monotonic)
    queue: Queue[Message] = Queue(MOST_WAITING)
    connected = Event()
    bus = Bus(
        address,
        CLIENT_ID,
        listening=Listening(topics.UP_FILTER, partial(_enqueue, queue, stop), receive_maximum=3 * MOST_WAITING),
        will=Will(topics.CENTRAL_STATE, state.said(is_online=False)),
        connected=lambda _bus: connected.set(),
    )
    with signatures, bus:
        # A twin that a device hears says that the centre listens: nothing may be said before the subscription.
        while not (connected.wait(LOOK_EVERY_S) or stop.is_set()):
            pass
        begun = Begun()
        while not stop.is_set():
            speakers.refresh()
            if connected.is_set():
                connected.clear()
                bus.publish(topics.CENTRAL_STATE, state.said(is_online=True), retain=True)
                teller.forget()
            teller.tell(bus, speakers.devices, speakers.take_changed())
            coming = judge.begin(_all_waiting(queue, 0 if begun.messages else LOOK_EVERY_S))
            _land(bus, writer, judge.finish(begun))
            begun = coming
        _say_goodbye(bus, state.said(is_online=False))


def _rest_the_collector() -> None:
    # Events come by the thousand and go by themselves, in no cycles: the default would look for cycles at every seventh.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@dataclass(frozen=True)
class _State:
    epoch: str
    now: Callable[[], datetime]

    def said(self, *, is_online: bool) -> bytes:
        return encode(CentralState(online=is_online, epoch=self.epoch, time=wire_time(self.now())))


def _on_record(parts: Parts) -> list[Device]:
    with parts.reading() as conn:
        return devices.identities(conn)


def _ended(parts: Parts) -> list[str]:
    with parts.reading() as conn:
        return [device for device, ends_at in identities.ends(conn).items() if ends_at <= parts.now()]


def _enqueue(queue: Queue[Message], stop: Event, message: Message) -> None:
    while not stop.is_set():
        with suppress(Full):
            queue.put(message, timeout=LOOK_EVERY_S)
            return


def _all_waiting(queue: Queue[Message], patience_s: float) -> list[Message]:
    messages: list[Message] = []
    with suppress(Empty):
        messages.append(queue.get(timeout=patience_s) if patience_s else queue.get_nowait())
        while len(messages) < MOST_WAITING:
            messages.append(queue.get_nowait())
    return messages


def _land(bus: Bus, writer: Writer, waiting: list[Waiting]) -> None:
    answers = writer.land(waiting) if waiting else []
    if answers is None:
        return
    # After the commit: a crash in between must redeliver, not lose.
    bus.acknowledge(*(one.message for one in waiting))
    for answer in answers:
        bus.publish(topics.down(answer.site, answer.device, "ack"), encode(answer.acknowledgement))


def _say_goodbye(bus: Bus, state: bytes) -> None:
    try:
        bus.publish_and_wait(topics.CENTRAL_STATE, state, retain=True, timeout_s=GOODBYE_S)
    except BusError as error:
        log.warning("goodbye_unheard", problem=str(error))
