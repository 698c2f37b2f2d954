"""What do the daily audit, a backup and forgetting cost a house that goes on landing events meanwhile?

A house with 400,000 events of ten devices and a thousand pictures. One writer appends fifty events in a transaction
twenty times a second; how long each of its commits takes is measured alone, beside an audit, beside a backup and beside
retention. Peer of the backup: a plain copy of the file, which while the house runs would be no backup at all.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from statistics import quantiles
from threading import Event as Flag
from threading import Thread

from sqlalchemy import Engine

from benchmarks.report import Options, Result, run
from central.background.retention import STEPS
from central.backup.checking import checked
from central.backup.making import Made, Source, back_up
from central.backup.restoring import restore
from central.fleet import audit
from central.parts import Parts
from central.store import devices, events, evidence, house, schema
from central.store.devices import Device, Ledger
from central.store.engine import open_engine, reading, writing
from central.store.evidence import Piece
from central.store.limits import Limits
from central.store.types import instant_text

SITE, DEVICES, AT_ONCE, EVERY_S, PAUSE_S = "s1", 10, 50, 0.05, 0.15
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
DATA = '{"location":"b-04","sku":"oat-milk-1l","camera":"cam-2","facings":3,"units":12,"confidence":0.93,"boxes":[]}'


class Rig:
    """The house, and its writer."""

    def __init__(self, folder: Path, count: int, pictures: int) -> None:
        self.folder = folder
        self.database = folder / "tallyhouse.db"
        self.engine: Engine = open_engine(self.database)
        schema.upgrade(self.engine)
        (folder / "tallyhouse.toml").write_text("")
        self._next = count // DEVICES + 1
        with writing(self.engine) as conn:
            house.epoch(conn)
            for number in range(DEVICES):
                devices.add(conn, Device(f"eye-{number}", SITE, "", "key", LONG_AGO))
        for first in range(1, self._next, 10_000):
            last = min(first + 9_999, self._next - 1)
            for number in range(DEVICES):
                self._append(f"eye-{number}", first, last, LONG_AGO)
        for number in range(pictures):
            content = number.to_bytes(8, "big") * 5_000
            name = f"sha256:{sha256(content).hexdigest()}"
            with writing(self.engine) as conn:
                evidence.keep(conn, Piece(name, "eye-0", "image/jpeg", LONG_AGO, content), LONG_AGO)

    @property
    def ledgers(self) -> list[Ledger]:
        """As ingest would have them before the writer began."""
        return [
            Ledger(f"eye-{number}", cursor=self._next - 1, highest_seen=self._next - 1, stored=self._next - 1)
            for number in range(DEVICES)
        ]

    @contextmanager
    def landing(self) -> Iterator[list[float]]:
        """The writer at work; yields the milliseconds of its commits."""
        took_ms: list[float] = []
        stop = Flag()

        def land() -> None:
            sequence = 10_000_000 + len(took_ms)
            while not stop.wait(EVERY_S):
                began_s = time.perf_counter()
                self._append("eye-new", sequence, sequence + AT_ONCE - 1, datetime.now(UTC))
                took_ms.append((time.perf_counter() - began_s) * 1000)
                sequence += AT_ONCE

        thread = Thread(target=land)
        thread.start()
        try:
            yield took_ms
        finally:
            stop.set()
            thread.join()
            with writing(self.engine) as conn:
                conn.exec_driver_sql("DELETE FROM events WHERE device = 'eye-new'")

    def _append(self, device: str, first: int, last: int, at: datetime) -> None:
        moment = instant_text(at)
        columns = events.events.c.keys()
        values: dict[str, object] = {
            "device": device,
            "id": "0" * 36,
            "site": SITE,
            "kind": "shelf_count/1",
            "occurred_at": moment,
        }
        values |= {"received_at": moment, "boot": "b", "monotonic_ms": 1, "clock": "ntp", "data": DATA}
        rows = [tuple({**values, "sequence": n}.get(name) for name in columns) for n in range(first, last + 1)]
        with writing(self.engine) as conn:
            events.append(conn, rows)  # type: ignore[arg-type]  # the columns as they are


def measure(options: Options) -> Result:
    """Build the house, then each of the chores beside the writer."""
    count, pictures, alone_s = (50_000, 100, 2.0) if options.quick else (400_000, 1_000, 10.0)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "house").mkdir()
        rig = Rig(Path(folder) / "house", count, pictures)
        _, alone = beside(rig, lambda: time.sleep(alone_s))
        audit_s, during_audit = beside(rig, lambda: audited(rig))
        backups = Path(folder) / "backups"
        made: list[Made] = []
        source = Source(rig.database, rig.folder, rig.folder / "tallyhouse.toml", SITE)
        backup_s, during_backup = beside(rig, lambda: made.append(back_up(source, backups, LONG_AGO, with_secrets=True)))
        again_s, _ = beside(rig, lambda: made.append(back_up(source, backups, LONG_AGO + timedelta(1), with_secrets=True)))
        copy_s, _ = timed(lambda: plain_copy(rig.database, Path(folder) / "copy.db"))
        check_s, _ = timed(lambda: checked(made[0].folder))
        restore_s, _ = timed(lambda: restore(made[0].folder, Path(folder) / "new", LONG_AGO, force=False, who="benchmark"))
        before = rig.database.stat().st_size
        forget_s, during_forget = beside(rig, lambda: forgotten(rig))
        with reading(rig.engine) as conn:
            conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        freed = before - rig.database.stat().st_size
        rig.engine.dispose()
    megabytes = before / 1e6
    rows = [("beside", "commits of 50 events, p50 ms", "p99 ms", "seconds")]
    for name, took, seconds in (
        ("nothing", alone, alone_s), ("audit", during_audit, audit_s), ("backup", during_backup, backup_s),
        ("retention", during_forget, forget_s),
    ):  # fmt: skip
        rows.append((name, f"{percentile(took, 50):.1f}", f"{percentile(took, 99):.1f}", f"{seconds:.1f}"))
    figures = {
        "events": count, "database_mb": round(megabytes, 1), "audit_s": round(audit_s, 2), "backup_s": round(backup_s, 2),
        "backup_mb": round(made[0].written_bytes / 1e6, 1), "second_backup_mb": round(made[1].written_bytes / 1e6, 1),
        "second_backup_s": round(again_s, 2), "check_s": round(check_s, 2), "restore_s": round(restore_s, 2),
        "forget_s": round(forget_s, 2), "freed_mb": round(freed / 1e6, 1), "p99_ms_alone": round(percentile(alone, 99), 1),
        "p99_ms_audit": round(percentile(during_audit, 99), 1), "p99_ms_backup": round(percentile(during_backup, 99), 1),
        "p99_ms_retention": round(percentile(during_forget, 99), 1),
    }  # fmt: skip
    notes = [f"{name}: {value}" for name, value in figures.items()]
    return Result(figures, {"plain_copy_s": round(copy_s, 2)}, rows, notes=notes)


def audited(rig: Rig) -> None:
    """Every device's ledger against its rows; fails when one is not right."""
    with reading(rig.engine) as conn:
        wrong = [ledger.device for ledger in rig.ledgers if not audit.audit(conn, ledger).is_right]
    if wrong:
        raise SystemExit(f"the audit is wrong about {wrong}")


def forgotten(rig: Rig) -> None:
    """A whole round of retention over everything that is old, with the pauses of the background."""
    with writing(rig.engine) as conn:
        devices.put_ledgers(conn, rig.ledgers)
    limits, now = Limits(events_days=100), lambda: datetime.now(UTC)
    parts = Parts(engine=rig.engine, capabilities=(), now=now, site=SITE, broker="", limits=limits)
    for step in STEPS:
        while step(parts, parts.now()):
            time.sleep(PAUSE_S)


def plain_copy(database: Path, target: Path) -> None:
    """`cp`, and onto the disk."""
    shutil.copyfile(database, target)
    os.sync()


def beside(rig: Rig, work: Callable[[], object]) -> tuple[float, list[float]]:
    """Seconds of `work`, and the milliseconds of the writer's commits meanwhile."""
    with rig.landing() as took_ms:
        seconds, _ = timed(work)
    return seconds, took_ms


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Seconds of `work`, and what it returned."""
    began_s = time.perf_counter()
    done = work()
    return time.perf_counter() - began_s, done


def percentile(values: list[float], share: int) -> float:
    """Of a few values, the greatest stands for the tail."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return quantiles(values, n=100, method="inclusive")[share - 1]


if __name__ == "__main__":
    run("house_keeping", "What do audit, backup and forgetting cost a house that lands events?", measure)
