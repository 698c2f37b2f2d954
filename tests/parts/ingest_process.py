"""`tallyhouse ingest` as a process of its own over a database that the test reads: it can be killed."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from central.config import EXAMPLE, CentralConfig, load
from central.fleet.secret_files import write_secret
from central.store import devices, quarantine, schema
from central.store.counts import counts
from central.store.engine import open_engine, reading, writing
from central.store.events import events
from protocols.signing import PrivateKey, new_key, private_pem
from tests.parts.centre import register


class IngestProcess:
    """A migrated centre in `folder`. The broker lets anybody in."""

    def __init__(self, folder: Path, broker_port: int) -> None:
        folder.mkdir()
        self._config_file = folder / "tallyhouse.toml"
        self._config_file.write_text(EXAMPLE.replace("port = 18883", f"port = {broker_port}"))
        self.config: CentralConfig = load(self._config_file)
        self._log = folder / "ingest.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.key = new_key()
        write_secret(self.config.signing_key_file, private_pem(self.key))
        write_secret(self.config.broker.password_file, b"anybody")
        self.engine = open_engine(self.config.database)
        schema.upgrade(self.engine)

    def start(self) -> None:
        """Run it."""
        command = [str(Path(sys.executable).with_name("tallyhouse")), "ingest", "--config", str(self._config_file)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def stop(self) -> None:
        """A clean stop."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9: whatever was not committed never was."""
        self._end(signal.SIGKILL)

    def said(self) -> str:
        """The end of its log."""
        return self._log.read_text()[-1500:]

    def landed(self, device: str) -> int:
        """How many events of a device are stored."""
        with reading(self.engine) as conn:
            return conn.execute(select(func.count()).select_from(events).where(events.c.device == device)).scalar_one()

    def sequences(self, device: str) -> list[int]:
        """The stored sequences of a device, in order."""
        with reading(self.engine) as conn:
            return list(conn.scalars(select(events.c.sequence).where(events.c.device == device).order_by(events.c.sequence)))

    def counts_taken(self, device: str) -> list[int]:
        """The sequence behind each count that was applied."""
        with reading(self.engine) as conn:
            return list(conn.scalars(select(counts.c.sequence).where(counts.c.device == device).order_by(counts.c.sequence)))

    def ledger(self, device: str) -> devices.Ledger:
        """How far a device's events have landed."""
        with reading(self.engine) as conn:
            return devices.ledgers_of(conn, [device])[device]

    def quarantined(self) -> list[str]:
        """The reasons of everything in quarantine."""
        with reading(self.engine) as conn:
            return list(conn.scalars(select(quarantine.quarantine.c.reason)))

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(20)
            self._process = None


@contextmanager
def running_ingest(folder: Path, broker_port: int, device: str, device_key: PrivateKey) -> Iterator[IngestProcess]:
    """A running ingest that knows one device; stopped and closed at the end of the block."""
    centre = IngestProcess(folder, broker_port)
    with writing(centre.engine) as conn:
        register(conn, device, device_key)
    centre.start()
    try:
        yield centre
    finally:
        centre.stop()
        centre.engine.dispose()
