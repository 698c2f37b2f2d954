"""The house that the fleet benchmark speaks to: a real mosquitto, a database, `tallyhouse ingest` and `background`."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from sqlalchemy import Engine, text

from benchmarks.ingest_events import SITE, STARTED_AT
from central.fleet.secret_files import write_secret
from central.store import devices, schema
from central.store.devices import Device, Ledger
from central.store.engine import open_engine, reading, writing
from protocols import signing, topics
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually

START_S = 60.0


class House:
    """Broker and database, with devices (name → key) on record. `centre`: the key that the house signs with."""

    def __init__(self, folder: Path, stack: ExitStack, known: dict[str, signing.PrivateKey]) -> None:
        folder.mkdir()
        self.folder = folder
        self.centre = signing.new_key()
        self.broker = Mosquitto(folder)
        self.broker.start()
        stack.callback(self.broker.stop)
        self.engine = _filled(folder / "tallyhouse.db", known)
        stack.callback(self.engine.dispose)
        self._write_config()

    @contextmanager
    def running(self, *programs: str) -> Iterator[dict[str, psutil.Process]]:
        """`tallyhouse PROGRAM` for each, once the ingest is heard."""
        with ExitStack() as stack:
            found = {name: stack.enter_context(self._process(name)) for name in programs}
            self._wait_until_heard()
            if dead := [name for name, process in found.items() if not process.is_running()]:
                raise SystemExit(f"{dead} ended: {self.said()}")
            yield found

    @property
    def broker_process(self) -> psutil.Process:
        """The broker, to be measured."""
        return psutil.Process(self.broker.pid)

    def ledger(self, device: str) -> Ledger:
        """How far a device's events have landed."""
        with reading(self.engine) as conn:
            return devices.ledgers_of(conn, [device])[device]

    def landed(self) -> int:
        """Events on disk, of all devices."""
        with reading(self.engine) as conn:
            return int(conn.execute(text("SELECT count(*) FROM events")).scalar_one())

    def online(self) -> int:
        """Devices whose birth the house has heard."""
        with reading(self.engine) as conn:
            return int(conn.execute(text("SELECT count(*) FROM devices WHERE online")).scalar_one())

    def said(self) -> str:
        """The end of what the programs have logged."""
        return "\n".join(file.read_text()[-1500:] for file in self.folder.glob("*.log"))

    @contextmanager
    def _process(self, name: str) -> Iterator[psutil.Process]:
        program = shutil.which("tallyhouse", path=str(Path(sys.executable).parent)) or "tallyhouse"
        command = [program, name, "--config", str(self.folder / "tallyhouse.toml")]
        with (
            (self.folder / f"{name}.log").open("ab") as said,
            subprocess.Popen(command, stdout=said, stderr=said) as process,
        ):
            try:
                yield psutil.Process(process.pid)
            finally:
                process.terminate()

    def _wait_until_heard(self) -> None:
        port = str(self.broker.port)
        wait = ["mosquitto_sub", "-p", port, "-V", "5", "-t", topics.CENTRAL_STATE, "-C", "1", "-W", f"{START_S:.0f}"]
        eventually(lambda: b'"online":true' in subprocess.run(wait, capture_output=True, check=False).stdout, START_S)

    def _write_config(self) -> None:
        write_secret(self.folder / "central.password", b"none asked for")
        write_secret(self.folder / "centre.key", signing.private_pem(self.centre))
        (self.folder / "tallyhouse.toml").write_text(
            f'site = "{SITE}"\nsigning_key_file = "centre.key"\nlog_level = "warning"\n'
            f'[broker]\nport = {self.broker.port}\npassword_file = "central.password"\n'
        )


def cpu_s(processes: Sequence[psutil.Process]) -> float:
    """Of these processes and of those that they have started."""
    spent = [one.cpu_times() for process in processes for one in (process, *process.children())]
    return sum(float(times.user + times.system) for times in spent)


def _filled(database: Path, known: dict[str, signing.PrivateKey]) -> Engine:
    engine = open_engine(database)
    schema.upgrade(engine)
    with writing(engine) as conn:
        for name, key in known.items():
            devices.add(conn, Device(name, SITE, name, signing.public_text(key), STARTED_AT))
    return engine
