"""A broker, an edge and a centre as processes of which each can be killed: what the product and its peers have in common."""

import time
from collections.abc import Mapping
from pathlib import Path

from tests.model.nursery import Living, Nursery
from tests.model.outages import Script, Victim
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually

WITHIN_S = 300.0  # a loaded machine takes a minute: this is for what never comes


class Programs:
    """notes: where the edge writes, a number a line, up to which event it has concluded."""

    def __init__(self, nursery: Nursery, broker: Mosquitto, lives: Mapping[Victim, Living], notes: Path) -> None:
        self._nursery, self._broker, self._lives, self._notes = nursery, broker, lives, notes
        self._alive: dict[Victim, int] = {}

    def start(self, program: Victim) -> None:
        """Run it."""
        if program == "broker":
            self._broker.start()
        else:
            self._alive[program] = self._nursery.born(self._lives[program])

    def kill(self, program: Victim) -> None:
        """kill -9."""
        if program == "broker":
            self._broker.kill()
        else:
            self._nursery.kill(self._alive.pop(program))

    def suffer(self, script: Script) -> None:
        """Every outage in its turn, until the edge has concluded everything. Raises AssertionError when one never comes."""
        for outage in script.outages:
            self._wait_for(outage.at_event)
            self.kill(outage.victim)
            time.sleep(outage.away_s)
            self.start(outage.victim)
        self._wait_for(script.events)

    def close(self) -> None:
        """End them all."""
        for program in list(self._alive):
            self.kill(program)
        self._broker.stop()

    def _wait_for(self, event: int) -> None:
        eventually(lambda: noted(self._notes) >= event, WITHIN_S, f"event {event}")


def noted(notes: Path) -> int:
    """The newest number in a file of notes; 0 when there is none. A line that a kill cut short does not count."""
    lines = notes.read_bytes().split(b"\n")[:-1] if notes.exists() else []
    return max(map(int, lines), default=0)
