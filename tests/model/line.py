"""A device's connection in the simulation: what the sender is told happens as paho would tell it.

As paho does, it keeps what the broker has not acknowledged and sends it again after a reconnection.
"""

import random
from queue import SimpleQueue

from edge_agent.link.connection import Connected, Disconnected, Happening, Nudged, Published, Received
from protocols import topics
from protocols.signing import PrivateKey, sign
from tests.model.agenda import Agenda
from tests.model.network import Broker, Publication

FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 1.0, 60.0
NAMES = {0: "Success", 16: "No matching subscribers"}


class Line:
    """Between one device's process and the broker; a new one for each life of the process."""

    def __init__(self, agenda: Agenda, rng: random.Random, broker: Broker, site: str, device: str, key: PrivateKey) -> None:
        self.happenings: SimpleQueue[Happening] = SimpleQueue()
        self.topic_filter = topics.down_filter(site, device)
        self._agenda, self._rng, self._broker = agenda, rng, broker
        self._site, self._device, self._key = site, device, key
        self._numbers = 0
        self._unacknowledged: dict[int, Publication] = {}
        self._is_wanted = self._is_open = self._is_cut = self._is_dead = False
        self._backoff_s = FIRST_BACKOFF_S
        self._connection = 0

    def start(self) -> None:
        """Connect, and again whenever the connection is lost."""
        self._is_wanted, self._backoff_s = True, FIRST_BACKOFF_S
        self._agenda.after(0.01, self._try)

    def rest(self) -> None:
        """Hang up until `start`."""
        self._is_wanted = False
        self._close("rests")

    def nudge(self) -> None:
        """Wake the sender."""
        self.happenings.put(Nudged())

    def publish(self, branch: topics.Up, payload: bytes, content_type: str = "", retain: bool = False) -> int:
        """Sign and send; kept until the broker acknowledges it."""
        self._numbers += 1
        said = Publication(topics.up(self._site, self._device, branch), payload, sign(self._key, payload))
        self._unacknowledged[self._numbers] = said
        self._send(self._numbers, said)
        return self._numbers

    def die(self) -> None:
        """The process is gone, and its connection with it."""
        self._is_dead = True
        self._is_wanted = self._is_open = False
        self._broker.forget(self)

    def cut(self, for_s: float) -> None:
        """The wires break: what is under way is lost, both ends notice only some time later."""
        self._is_cut = True
        self._connection += 1
        self._broker.forget(self)
        self._agenda.after(self._rng.random() * min(30.0, for_s), lambda: self._close("keepalive"))
        self._agenda.after(for_s, self._mend)

    def received(self, said: Publication) -> None:
        """A message from the centre."""
        self.happenings.put(Received(said.topic, said.payload, said.signature))

    def hung_up(self, why: str) -> None:
        """The broker is gone."""
        self._close(why)

    def _mend(self) -> None:
        self._is_cut = False
        self._close("mended")

    def _close(self, why: str) -> None:
        self._broker.forget(self)
        if self._is_open:
            self._is_open = False
            self._connection += 1
            self.happenings.put(Disconnected(why))
            self._agenda.after(FIRST_BACKOFF_S, self._try)

    def _try(self) -> None:
        if not self._is_wanted or self._is_open:
            return
        if self._is_cut or not self._broker.is_up:
            self.happenings.put(Disconnected("cannot be reached"))
            self._backoff_s = min(LONGEST_BACKOFF_S, 2 * self._backoff_s)
            self._agenda.after(self._backoff_s, self._try)
            return
        self._is_open, self._backoff_s = True, FIRST_BACKOFF_S
        self._connection += 1
        self._broker.subscribe(self)
        self.happenings.put(Connected())
        for number, said in list(self._unacknowledged.items()):
            self._send(number, said)

    def _send(self, number: int, said: Publication) -> None:
        connection = self._connection

        def arrive() -> None:
            if self._is_current(connection):
                reason = self._broker.take(said.topic, said.payload, said.signature or "")
                self._agenda.after(0.01, lambda: answer(reason))

        def answer(reason: int) -> None:
            if self._is_current(connection) and self._unacknowledged.pop(number, None) is not None:
                self.happenings.put(Published(number, reason, NAMES[reason]))

        if self._is_open and not self._is_cut:
            self._agenda.after(0.01, arrive)

    def _is_current(self, connection: int) -> bool:
        return self._is_open and self._connection == connection and not self._is_dead
