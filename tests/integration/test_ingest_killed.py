"""`tallyhouse ingest` killed with -9 in the middle of a stream: nothing is lost, nothing is applied twice."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty

from sqlalchemy import text

from central.fleet.ledger import completeness
from central.fleet.secret_files import write_secret
from central.store.engine import reading, writing
from protocols import codec, signing
from tests.makers import batch, event, shelf_count
from tests.parts.centre import Voice, migrated, register, voice
from tests.parts.mosquitto import Mosquitto

EVENTS, BATCH, WINDOW = 1000, 10, 10
PATIENCE_S = 3.0
KILLED_AT = (250, 600)


class Ingest:
    """The real command as a process."""

    def __init__(self, folder: Path, port: int) -> None:
        write_secret(folder / "central.password", b"none asked for")
        write_secret(folder / "centre.key", signing.private_pem(signing.new_key()))
        self._config = folder / "tallyhouse.toml"
        self._config.write_text(
            'database = "house.db"\nsigning_key_file = "centre.key"\nlog_level = "error"\n'
            f'[broker]\nport = {port}\npassword_file = "central.password"\n'
        )
        self.process = self._started()

    def kill_and_start(self) -> None:
        """kill -9, then a new one."""
        self.stop()
        self.process = self._started()

    def stop(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def _started(self) -> "subprocess.Popen[bytes]":
        command = [str(Path(sys.executable).with_name("tallyhouse")), "ingest", "--config", str(self._config)]
        return subprocess.Popen(command)


@contextmanager
def running(folder: Path, port: int) -> Iterator[Ingest]:
    """An ingest that is stopped at the end."""
    ingest = Ingest(folder, port)
    try:
        yield ingest
    finally:
        ingest.stop()


def send(eye: Voice, ingest: Ingest) -> None:
    """A device's sender: a window of batches, a rewind on a gap or without progress; the centre is killed on the way."""
    acknowledged, sent, kills = 0, 0, list(KILLED_AT)
    deadline_s = time.monotonic() + 120
    while acknowledged < EVENTS and time.monotonic() < deadline_s:
        while sent < min(EVENTS, acknowledged + WINDOW * BATCH):
            events = [event(n, shelf_count(units=n % 12)) for n in range(sent + 1, sent + BATCH + 1)]
            eye.say("events", codec.encode(batch(events)))
            sent += BATCH
        if kills and acknowledged >= kills[0]:
            kills.pop(0)
            ingest.kill_and_start()
        try:
            answer = eye.acknowledgement(PATIENCE_S)
        except Empty:
            sent = acknowledged
            continue
        if answer.gap is not None:
            sent = answer.gap
        acknowledged = max(acknowledged, answer.upto or answer.gap or 0)


def test_a_kill_in_mid_stream_loses_nothing(tmp_path: Path, broker: Mosquitto) -> None:
    """Killed twice while 1,000 events come: each is stored once, counted once, and the ledger has no hole."""
    key = signing.new_key()
    with migrated(tmp_path / "house.db") as engine:
        with writing(engine) as conn:
            register(conn, "eye-01", key)
        with running(tmp_path, broker.port) as ingest, voice(broker.port, "eye-01", key) as eye:
            eye.prove_subscription()
            send(eye, ingest)
        with reading(engine) as conn:
            (account,) = completeness(conn, "eye-01")
            stored = conn.execute(text("SELECT count(*), min(sequence), max(sequence) FROM events")).one()
            counted = conn.execute(text("SELECT count(*), count(DISTINCT sequence) FROM counts")).one()
    assert (account.stored, account.missing) == (EVENTS, 0)
    assert stored == (EVENTS, 1, EVENTS)
    assert counted == (EVENTS, EVENTS)
