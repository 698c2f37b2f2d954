"""The centre in the simulation: the product's own judging and landing, on a real database that can be killed and restored.

An extra table, filled by a trigger, notes in which order events came to rest; it is committed, rolled back and restored with
them.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, event

from central.bus import Message
from central.ingest.judging import Judge
from central.ingest.speakers import Speakers
from central.ingest.writer import Writer
from central.parts import Parts
from central.store import devices, house, schema
from central.store.devices import Device as Registered
from central.store.engine import open_engine, reading, writing
from protocols import topics
from protocols.codec import encode, wire_time
from protocols.messages.device import CentralState, Desired
from protocols.signing import PrivateKey, public_text, sign
from tests.makers import NOON
from tests.model.agenda import Agenda, MachineClock
from tests.model.device import SITE, UNLIMITED_PAGES
from tests.model.fuse import Fuse, copied
from tests.model.network import Broker, Publication

MOST_AT_ONCE = 200
GATHER_S, RETRY_S = 0.02, 1.0
DATABASE_NAME = "house.db"
NOTES = (
    "CREATE TABLE landed (place INTEGER PRIMARY KEY, device TEXT, sequence INTEGER, id TEXT, kind TEXT)",
    "CREATE TRIGGER note_landed AFTER INSERT ON events BEGIN"
    " INSERT INTO landed (device, sequence, id, kind) VALUES (new.device, new.sequence, new.id, new.kind); END",
)


@cache
def migrated() -> bytes:
    """An empty house with the notes of the model, migrated once for all schedules of a process."""
    with TemporaryDirectory() as folder:
        database = Path(folder) / DATABASE_NAME
        engine = open_engine(database)
        schema.upgrade(engine)
        with writing(engine) as conn:
            for statement in NOTES:
                conn.exec_driver_sql(statement)
        engine.dispose()
        return database.read_bytes()


class Centre:
    """`tallyhouse ingest`, without its thread and its client."""

    def __init__(
        self, folder: Path, agenda: Agenda, broker: Broker, key: PrivateKey, keys: Mapping[str, PrivateKey]
    ) -> None:
        self.clock = MachineClock(agenda)
        self.is_disk_full = False
        self._agenda, self._broker, self._key = agenda, broker, key
        self._folder = folder
        self._lives = self._backups = 0
        self._backup: Path | None = None
        self._life: _Life | None = None
        self.database = folder / "0" / DATABASE_NAME
        self.database.parent.mkdir(parents=True)
        self.database.write_bytes(migrated())
        self._register(keys)
        self.back_up()
        self.start()

    @property
    def is_up(self) -> bool:
        """Whether its process lives."""
        return self._life is not None

    def start(self) -> None:
        """Open what the last process left, and go to the broker; no effect while it runs."""
        if self._life is None:
            self._lives += 1
            self._life = _Life(self, self._agenda, self._broker, self._key, self._folder / str(self._lives))
            self._broker.attach(self._life)

    def kill(self, statements: int = 0) -> None:
        """kill -9, now or before so many statements from now."""
        if self._life is not None and statements:
            self._life.fuse.light(statements)
        elif self._life is not None:
            self._life.fuse.burn()
            self.bury()

    def restart(self) -> None:
        """The process ends, if it still runs, and starts again."""
        self.kill()
        self.start()

    def bury(self) -> None:
        """The process is gone: the broker speaks its will."""
        assert self._life is not None
        self._life.engine.dispose()
        self.database = self._life.grave / DATABASE_NAME
        will, self._life = self._life.state(is_online=False), None
        self._broker.detach(will)

    def back_up(self) -> None:
        """Put a copy away."""
        self._backups += 1
        self._backup = self._folder / f"backup-{self._backups}" / DATABASE_NAME
        self._backup.parent.mkdir()
        with closing(sqlite3.connect(self.database)) as source, closing(sqlite3.connect(self._backup)) as target:
            source.backup(target)

    def restore(self) -> None:
        """Begin again from the copy, with a new epoch."""
        assert self._backup is not None
        if self._life is not None:
            self.kill()
        self._lives += 1
        self.database = copied(self._backup, self._folder / f"restored-{self._lives}")
        engine = open_engine(self.database)
        with writing(engine) as conn:
            house.put(conn, "epoch", token_hex(8))
        engine.dispose()
        self.start()

    def cursor(self, device: str) -> int:
        """How far a device's events have landed."""
        with closing(sqlite3.connect(self.database)) as connection:
            found = connection.execute("SELECT cursor FROM ledgers WHERE device = ?", (device,)).fetchone()
            return 0 if found is None else int(found[0])

    def fill_disk(self, is_full: bool) -> None:
        """Let the database grow no further, or again."""
        self.is_disk_full = is_full
        if self._life is not None:
            self._life.limit_disk()

    def close(self) -> None:
        """The end of the schedule."""
        if self._life is not None:
            self._life.engine.dispose()

    def _register(self, keys: Mapping[str, PrivateKey]) -> None:
        engine = open_engine(self.database)
        with writing(engine) as conn:
            for name, key in keys.items():
                devices.add(conn, Registered(name, SITE, name, public_text(key), NOON))
        engine.dispose()


class _Life:
    """One process of the centre."""

    def __init__(self, centre: Centre, agenda: Agenda, broker: Broker, key: PrivateKey, grave: Path) -> None:
        self.grave = grave
        self._centre, self._agenda, self._broker, self._key = centre, agenda, broker, key
        self._inbox: list[Message] = []
        self._is_landing_due = False
        self.fuse = Fuse(centre.database, grave, lambda: None)
        self.engine = self._opened(centre.database)
        parts = Parts(self.engine, (), centre.clock.wall, SITE, "")
        with parts.writing() as conn:
            self._epoch = house.epoch(conn)
        self._speakers = Speakers(self._on_record, lambda: agenda.now_s)
        self._judge = Judge(self._speakers, centre.clock.wall)
        self._writer = Writer(parts, paused=lambda _delay_s: True)

    def connected(self) -> None:
        """The broker is there: say that the centre is, and prove to devices that it is heard."""
        if self.fuse.is_burnt:
            return
        self._speakers.refresh(0.0)
        self._broker.say(self.state(is_online=True), retain=True)
        twin = encode(Desired(version=0))
        for device in self._on_record():
            topic = topics.down(device.site, device.device, "desired")
            self._broker.say(Publication(topic, twin, sign(self._key, twin)), retain=True)

    def received(self, message: Message) -> None:
        """A message waits for the next landing."""
        self._inbox.append(message)
        self._land_after(GATHER_S)

    def state(self, *, is_online: bool) -> Publication:
        """What is retained about the centre."""
        said = CentralState(online=is_online, epoch=self._epoch, time=wire_time(self._centre.clock.wall()))
        return Publication(topics.CENTRAL_STATE, encode(said), None)

    def limit_disk(self) -> None:
        """As full as the centre's disk is."""
        with self.engine.connect() as conn:
            pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one() if self._centre.is_disk_full else UNLIMITED_PAGES
            conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}").fetchall()

    def _land_after(self, delay_s: float) -> None:
        if not self._is_landing_due:
            self._is_landing_due = True
            self._agenda.after(delay_s, self._land)

    def _land(self) -> None:
        self._is_landing_due = False
        if self.fuse.is_burnt or not self._inbox:
            return
        self._speakers.refresh()
        messages = self._inbox[:MOST_AT_ONCE]
        answers = self._writer.land([self._judge.judged(message) for message in messages])
        if self.fuse.is_burnt:
            self._centre.bury()
        elif answers is None:
            self._land_after(RETRY_S)
        else:
            del self._inbox[: len(messages)]
            for message in messages:
                self._broker.acknowledge(message)
            for answer in answers:
                topic = topics.down(answer.site, answer.device, "ack")
                self._broker.say(Publication(topic, encode(answer.acknowledgement), None))
            self._land_after(GATHER_S)

    def _on_record(self) -> list[Registered]:
        with reading(self.engine) as conn:
            return devices.identities(conn)

    def _opened(self, database: Path) -> Engine:
        engine = open_engine(database)
        event.listen(engine, "connect", lambda raw, _record: self.fuse.watch(raw))
        return engine
