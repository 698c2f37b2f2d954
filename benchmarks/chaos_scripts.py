"""Scripts of outages played on the peers: the same kills at the same events as the product goes through."""

import sqlite3
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from benchmarks.chaos_peers import PahoLife, SubscriberLife
from tests.model.nursery import Nursery
from tests.model.oracle import Verdict
from tests.model.outages import Script
from tests.model.programs import Programs
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually

QUIET_S, LOOK_S = 4.0, 0.2


def suffered(script: Script, folder: Path, nursery: Nursery, keeps: bool) -> Verdict:
    """Put a peer through a script, wait until nothing more comes, and count.

    keeps: the broker has its own persistence, and an event counts once the broker has acknowledged it.
    """
    broker, notes, database = Mosquitto(folder, keeps=keeps), folder / "notes", folder / "received.db"
    edge = PahoLife(str(notes), broker.port, script.events, waits=keeps)
    programs = Programs(nursery, broker, {"centre": SubscriberLife(str(database), broker.port), "edge": edge}, notes)
    try:
        programs.start("broker")
        programs.start("centre")
        eventually(lambda: _received(database) is not None, what="the subscriber")
        programs.start("edge")
        programs.suffer(script)
        return _counted(script, _at_rest(database))
    finally:
        programs.close()


def _counted(script: Script, received: list[int]) -> Verdict:
    missing = len(set(range(1, script.events + 1)) - set(received))
    return Verdict(
        events=script.events,
        lost=missing,
        undeclared=missing,
        applied_twice=len(received) - len(set(received)),
        out_of_order=sum(later < earlier for earlier, later in pairwise(received)),
    )


def _received(database: Path) -> list[int] | None:
    """Every number that came, in order of arrival; None while there is no table."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            return [number for (number,) in connection.execute("SELECT number FROM received ORDER BY rowid")]
    except sqlite3.OperationalError:
        return None


def _at_rest(database: Path) -> list[int]:
    """What came, once nothing more has come for a while."""
    received, since_s = _received(database) or [], time.monotonic()
    while time.monotonic() - since_s < QUIET_S:
        time.sleep(LOOK_S)
        now = _received(database) or []
        if len(now) != len(received):
            received, since_s = now, time.monotonic()
    return received
