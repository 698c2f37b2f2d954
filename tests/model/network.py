"""The pipe that may lose everything: a broker without persistence, and wires that delay, reorder, duplicate and drop.

The broker's own word is as good as mosquitto's: a PUBACK says that it took a message, not that anybody will get it; 16 that
nobody subscribed. What it holds for the centre it delivers again after the centre came back, and forgets when it is killed.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from central.bus import Message
from protocols import topics
from tests.model.agenda import Agenda

TAKEN, NOBODY_SUBSCRIBED = 0, 16


@dataclass(frozen=True)
class Weather:
    """What messages meet: each takes up to `latest_s`; shares are dropped or come twice; `shuffles`: out of order."""

    latest_s: float = 0.05
    drop: float = 0.0
    duplicate: float = 0.0
    shuffles: bool = False


CALM = Weather()


class Pipe:
    """One direction between the broker and somebody."""

    def __init__(self, agenda: Agenda, rng: random.Random) -> None:
        self._weather = CALM
        self._agenda, self._rng = agenda, rng
        self._last_s = 0.0

    def meet(self, weather: Weather) -> None:
        """From now on."""
        self._weather = weather

    def carry(self, deliver: Callable[[], None]) -> bool:
        """Deliver later, perhaps twice; False when it is lost."""
        if self._rng.random() < self._weather.drop:
            return False
        for _ in range(2 if self._rng.random() < self._weather.duplicate else 1):
            self._agenda.after(self._delay_s(), deliver)
        return True

    def _delay_s(self) -> float:
        delay_s = self._rng.random() * self._weather.latest_s
        if self._weather.shuffles:
            return delay_s
        self._last_s = max(self._last_s, self._agenda.now_s + delay_s)
        return self._last_s - self._agenda.now_s


@dataclass(frozen=True)
class Publication:
    """A message on its way to devices or the centre."""

    topic: str
    payload: bytes
    signature: str | None


class Subscriber(Protocol):
    """A device's end of a connection."""

    topic_filter: str

    def received(self, said: Publication) -> None:
        """A message from the centre."""

    def hung_up(self, why: str) -> None:
        """The broker is gone."""


class Consumer(Protocol):
    """The centre's end."""

    def received(self, message: Message) -> None:
        """A message from a device."""

    def connected(self) -> None:
        """The broker is there, or there again."""


class Broker:
    """mosquitto, as far as devices and the centre can tell."""

    def __init__(self, agenda: Agenda, rng: random.Random) -> None:
        self.up, self.down = Pipe(agenda, rng), Pipe(agenda, rng)
        self.is_up = True
        self._agenda = agenda
        self._numbers = 0
        self._life = 0
        self._devices: dict[Subscriber, int] = {}
        self._connections = 0
        self._consumer: Consumer | None = None
        self._has_session = False
        self._held: dict[int, Message] = {}
        self._retained: dict[str, Publication] = {}

    def kill(self) -> None:
        """kill -9: what it held is gone, retained messages and sessions too."""
        self.is_up = False
        self._life += 1
        self._held.clear()
        self._retained.clear()
        self._has_session = False
        for device in list(self._devices):
            device.hung_up("killed")
        self._devices.clear()

    def start(self) -> None:
        """Empty, as it begins; the centre finds it a moment later."""
        self.is_up = True
        self._agenda.after(1.0, self._find_consumer)

    def subscribe(self, device: Subscriber) -> None:
        """A device has connected and asked for its branch."""
        self._connections += 1
        self._devices[device] = self._connections
        for said in list(self._retained.values()):
            self._tell(device, said)

    def forget(self, device: Subscriber) -> None:
        """A device's connection has ended."""
        self._devices.pop(device, None)

    def take(self, topic: str, payload: bytes, signature: str) -> int:
        """A message from a device; the reason code of its PUBACK."""
        if not self._has_session:
            return NOBODY_SUBSCRIBED
        self._numbers += 1
        message = Message(topic, payload, {"v": "1", "sig": signature}, self._numbers, 1, 1)
        self._held[message.number] = message
        self._forward(message)
        return TAKEN

    def attach(self, consumer: Consumer) -> None:
        """The centre is there: what is held for it comes, again or for the first time."""
        self._consumer = consumer
        self._find_consumer()

    def detach(self, will: Publication) -> None:
        """The centre is gone; its session stays, its will is spoken."""
        self._consumer = None
        self.say(will, retain=True)

    def acknowledge(self, message: Message) -> None:
        """The centre has it on disk."""
        self._held.pop(message.number, None)

    def say(self, said: Publication, *, retain: bool = False) -> None:
        """A message from the centre."""
        if not self.is_up:
            return
        if retain:
            self._retained[said.topic] = said
        for device in list(self._devices):
            self._tell(device, said)

    def _find_consumer(self) -> None:
        if self._consumer is None or not self.is_up:
            return
        self._has_session = True
        for message in list(self._held.values()):
            self._forward(message)
        self._consumer.connected()

    def _forward(self, message: Message) -> None:
        consumer, life = self._consumer, self._life

        def deliver() -> None:
            if self._consumer is consumer and self._life == life and consumer is not None:
                consumer.received(message)

        if consumer is not None and not self.up.carry(deliver):
            self._held.pop(message.number)

    def _tell(self, device: Subscriber, said: Publication) -> None:
        connection = self._devices[device]

        def deliver() -> None:
            if self._devices.get(device) == connection:
                device.received(said)

        if said.topic == topics.CENTRAL_STATE or said.topic.startswith(device.topic_filter.removesuffix("#")):
            self.down.carry(deliver)
