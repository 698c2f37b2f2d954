"""The same outages for real: mosquitto, `tallyhouse ingest` and an edge as processes, killed with -9 while events come."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from central.config import EXAMPLE, load
from central.fleet.secret_files import write_secret
from central.store.engine import open_engine, writing
from protocols.signing import new_key, private_pem
from tests.integration.edge_parts import DEVICE
from tests.model.centre import migrated
from tests.model.lives import EdgeLife, IngestLife, concluded
from tests.model.nursery import Nursery
from tests.model.oracle import Verdict, of_device
from tests.model.outages import Script, Victim
from tests.parts.centre import register
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually

WITHIN_S = 90.0


class RealHouse:
    """Three programs, of which each can be killed and started again."""

    def __init__(self, folder: Path, nursery: Nursery, events: int) -> None:
        self._nursery = nursery
        self._broker = Mosquitto(folder)
        self._broker.start()
        config_file = folder / "tallyhouse.toml"
        config_file.write_text(EXAMPLE.replace("port = 18883", f"port = {self._broker.port}"))
        config = load(config_file)
        self.database = config.database
        self._notes, key_file = folder / "notes", folder / "edge.key"
        key, centre_key = new_key(), new_key()
        write_secret(key_file, private_pem(key))
        write_secret(config.signing_key_file, private_pem(centre_key))
        write_secret(config.broker.password_file, b"anybody")
        self.database.write_bytes(migrated())
        engine = open_engine(self.database)
        with writing(engine) as conn:
            register(conn, DEVICE, key)
        engine.dispose()
        outbox = folder / "edge" / "outbox.db"
        self._ingest = IngestLife(str(config_file))
        self._edge = EdgeLife(
            str(outbox), str(self._notes), self._broker.port, str(key_file), str(config.signing_key_file), events
        )
        self._alive: dict[Victim, int] = {}
        self.start("centre")
        self.start("edge")

    def start(self, program: Victim) -> None:
        """Run it."""
        if program == "broker":
            self._broker.start()
        else:
            self._alive[program] = self._nursery.born(self._edge if program == "edge" else self._ingest)

    def kill(self, program: Victim) -> None:
        """kill -9."""
        if program == "broker":
            self._broker.kill()
        else:
            self._nursery.kill(self._alive.pop(program))

    def concluded(self) -> int:
        """How many events the edge has committed, as it noted."""
        lines = self._notes.read_bytes().split(b"\n")[:-1] if self._notes.exists() else []
        return max(map(int, lines), default=0)

    def cursor(self) -> int:
        """How far the edge's events have landed."""
        with closing(sqlite3.connect(self.database)) as connection:
            return int(connection.execute("SELECT cursor FROM ledgers WHERE device = ?", (DEVICE,)).fetchone()[0])

    def close(self) -> None:
        """End all programs."""
        for program in list(self._alive):
            self.kill(program)
        self._broker.stop()


def suffered(script: Script, folder: Path, nursery: Nursery) -> Verdict:
    """Put a house through a script, wait until all has landed, and judge."""
    house = RealHouse(folder, nursery, script.events)
    try:
        for outage in script.outages:
            eventually(lambda at=outage.at_event: house.concluded() >= at, WITHIN_S, "the moment of an outage")  # type: ignore[misc]
            house.kill(outage.victim)
            time.sleep(outage.away_s)
            house.start(outage.victim)
        eventually(lambda: house.concluded() >= script.events, WITHIN_S, "the last event")
        eventually(lambda: house.cursor() >= script.events, WITHIN_S, "the last event at the centre")
    except AssertionError as error:
        return Verdict(problem=f"{error}; {script}")
    finally:
        house.close()
    produced = {number: concluded(number) for number in range(1, script.events + 1)}
    with closing(sqlite3.connect(house.database)) as connection:
        return of_device(connection, DEVICE, produced, was_cramped=False)
