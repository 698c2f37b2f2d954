"""The same outages for real: mosquitto, `tallyhouse ingest` and an edge as processes, killed with -9 while events come."""

import sqlite3
from contextlib import closing
from pathlib import Path

from central.config import EXAMPLE, CentralConfig, load
from central.fleet.secret_files import write_secret
from central.store.engine import open_engine, writing
from protocols.signing import new_key, private_pem
from tests.integration.edge_parts import DEVICE
from tests.model.centre import migrated
from tests.model.lives import EdgeLife, IngestLife, concluded
from tests.model.nursery import Nursery
from tests.model.oracle import Verdict, of_device
from tests.model.outages import Script
from tests.model.programs import WITHIN_S, Programs
from tests.parts.centre import register
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually


def suffered(script: Script, folder: Path, nursery: Nursery) -> Verdict:
    """Put a house through a script, wait until all has landed, and judge."""
    broker = Mosquitto(folder)
    config_file, config = _configured(folder, broker.port)
    key_file, notes = _registered(folder, config), folder / "notes"
    centre_key_file = str(config.signing_key_file)
    edge = EdgeLife(str(folder / "outbox.db"), str(notes), broker.port, str(key_file), centre_key_file, script.events)
    programs = Programs(nursery, broker, {"centre": IngestLife(str(config_file)), "edge": edge}, notes)
    try:
        for program in ("broker", "centre", "edge"):
            programs.start(program)
        programs.suffer(script)
        eventually(lambda: _cursor(config.database) >= script.events, WITHIN_S, "the last event at the centre")
    except AssertionError as error:
        return Verdict(problem=f"{error}; {script}")
    finally:
        programs.close()
    produced = {number: concluded(number) for number in range(1, script.events + 1)}
    with closing(sqlite3.connect(config.database)) as connection:
        return of_device(connection, DEVICE, produced, was_cramped=False)


def _configured(folder: Path, port: int) -> tuple[Path, CentralConfig]:
    file = folder / "tallyhouse.toml"
    file.write_text(EXAMPLE.replace("port = 18883", f"port = {port}"))
    config = load(file)
    write_secret(config.signing_key_file, private_pem(new_key()))
    write_secret(config.broker.password_file, b"anybody")
    return file, config


def _registered(folder: Path, config: CentralConfig) -> Path:
    """A database that knows the edge; the edge's key."""
    key, key_file = new_key(), folder / "edge.key"
    write_secret(key_file, private_pem(key))
    config.database.write_bytes(migrated())
    engine = open_engine(config.database)
    with writing(engine) as conn:
        register(conn, DEVICE, key)
    engine.dispose()
    return key_file


def _cursor(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT cursor FROM ledgers WHERE device = ?", (DEVICE,)).fetchone()[0])
