"""Scripts of outages played on the peers: the same kills at the same events as the product goes through."""

import sqlite3
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from benchmarks.chaos_peers import PahoLife, SubscriberLife
from tests.model.nursery import Nursery
from tests.model.oracle import Verdict
from tests.model.outages import Script, Victim
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import answers, eventually

WITHIN_S, QUIET_S = 90.0, 4.0


class PeerHouse:
    """A publisher, a broker and a durable subscriber. keeps: the broker's persistence is what events rely on."""

    def __init__(self, folder: Path, nursery: Nursery, events: int, keeps: bool) -> None:
        self._nursery = nursery
        self._notes, self._database = folder / "notes", folder / "received.db"
        self._broker = Mosquitto(folder, keeps=keeps)
        self._broker.start()
        self._lives: dict[Victim, PahoLife | SubscriberLife] = {
            "centre": SubscriberLife(str(self._database), self._broker.port),
            "edge": PahoLife(str(self._notes), self._broker.port, events, waits=keeps),
        }
        self._alive: dict[Victim, int] = {}
        self.start("centre")
        eventually(lambda: self.received() is not None, what="the subscriber")
        self.start("edge")

    def start(self, program: Victim) -> None:
        """Run it."""
        if program == "broker":
            self._broker.start()
            eventually(lambda: answers(self._broker.port), what="the broker")
        else:
            self._alive[program] = self._nursery.born(self._lives[program])

    def kill(self, program: Victim) -> None:
        """kill -9."""
        if program == "broker":
            self._broker.kill()
        else:
            self._nursery.kill(self._alive.pop(program))

    def concluded(self) -> int:
        """How many events count as handed over, as the publisher noted."""
        lines = self._notes.read_bytes().split(b"\n")[:-1] if self._notes.exists() else []
        return max(map(int, lines), default=0)

    def received(self) -> list[int] | None:
        """Every number that came, in order of arrival; None while there is no table."""
        try:
            with closing(sqlite3.connect(self._database)) as connection:
                return [number for (number,) in connection.execute("SELECT number FROM received ORDER BY rowid")]
        except sqlite3.OperationalError:
            return None

    def close(self) -> None:
        """End all programs."""
        for program in list(self._alive):
            self.kill(program)
        self._broker.stop()


def suffered(script: Script, folder: Path, nursery: Nursery, keeps: bool) -> Verdict:
    """Put a peer through a script, wait until nothing more comes, and count."""
    house = PeerHouse(folder, nursery, script.events, keeps)
    try:
        for outage in script.outages:
            eventually(lambda at=outage.at_event: house.concluded() >= at, WITHIN_S, "an outage")  # type: ignore[misc]
            house.kill(outage.victim)
            time.sleep(outage.away_s)
            house.start(outage.victim)
        eventually(lambda: house.concluded() >= script.events, WITHIN_S, "the last event")
        received = _at_rest(house)
    finally:
        house.close()
    missing = set(range(1, script.events + 1)) - set(received)
    return Verdict(
        events=script.events,
        lost=len(missing),
        undeclared=len(missing),
        applied_twice=len(received) - len(set(received)),
        out_of_order=sum(later < earlier for earlier, later in pairwise(received)),
    )


def _at_rest(house: PeerHouse) -> list[int]:
    """What came, once nothing more has come for a while."""
    received, since_s = house.received() or [], time.monotonic()
    while time.monotonic() - since_s < QUIET_S:
        time.sleep(0.2)
        now = house.received() or []
        if len(now) != len(received):
            received, since_s = now, time.monotonic()
    return received
