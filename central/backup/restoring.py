"""Putting a backup back: checked first, brought to this version's schema, under a new epoch, old files set aside.

The new epoch makes every device go back to what this copy has acknowledged and send again what came later. Numbers that
were given after the copy was made must not be given twice, so the counters that others remember leap ahead.
"""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from sqlalchemy import Connection

from central.backup.checking import checked
from central.backup.manifest import DATABASE, BackupFolder, Manifest, files_below
from central.errors import BackupError
from central.store import audit, house, schema
from central.store.engine import open_engine, writing

LEAP = 1_000_000  # more than can have been given between two backups
_LEAPS = (
    "UPDATE out_counters SET last = last + ?",  # numbers of announcements: consumers see a hole, ask, and go on
    "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'changes'",  # where open pages go on
    "UPDATE twins SET version = version + ?",  # devices refuse a twin older than the one they have
)
_SIDE_FILES = ("", "-wal", "-shm")


@dataclass(frozen=True)
class Restored:
    """What was put back, and where what stood there before lies now, if anything did."""

    manifest: Manifest
    set_aside: Path | None


def restore(backup: BackupFolder, data: Path, now: datetime, *, force: bool, who: str) -> Restored:
    """Put `backup` into the data folder `data`. Raises BackupError: damaged, or a house stands there and not `force`."""
    manifest = checked(backup)
    if not force and (loss := what_would_be_lost(backup, data)):
        raise BackupError(f"{data} holds a house: {loss}. --force sets it aside and puts the backup in its place")
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = data / f".{DATABASE}.restoring"
    _drop(fresh)
    shutil.copyfile(backup.database, fresh)
    fresh.chmod(0o600)
    _evidence_in(backup, fresh)
    _made_new(fresh, manifest, now, who)
    aside = _set_aside(data, backup, now)
    fresh.rename(data / DATABASE)
    for file in files_below(backup.files):
        _put_file(file, data / file.relative_to(backup.files))
    os.sync()
    return Restored(manifest, aside)


def what_would_be_lost(backup: BackupFolder, data: Path) -> str:
    """What stands in `data` and not in the backup, for a person; empty when nothing is there."""
    database = data / DATABASE
    if not database.exists():
        return ""
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as there:
            there.execute("ATTACH ? AS backup", (f"{backup.database.resolve().as_uri()}?mode=ro",))
            found, newest = there.execute("SELECT count(*), max(received_at) FROM events").fetchone()
            gone = there.execute(_NOT_IN_BACKUP).fetchone()[0]
            reviews = there.execute(_REVIEWS_NOT_IN_BACKUP).fetchone()[0]
    except sqlite3.Error as error:
        return f"{database} cannot be compared with the backup ({error})"
    newest_text = f", the newest of {newest[:16]}" if newest else ""
    return f"{found} events{newest_text}; {gone} of them and {reviews} reviews are not in the backup"


_REVIEWS_NOT_IN_BACKUP = "SELECT count(*) FROM reviews WHERE id NOT IN (SELECT id FROM backup.reviews)"
_NOT_IN_BACKUP = """SELECT count(*) FROM events AS mine WHERE NOT EXISTS (
  SELECT 1 FROM backup.events AS old WHERE old.device = mine.device AND old.sequence = mine.sequence)"""


def _evidence_in(backup: BackupFolder, database: Path) -> None:
    with closing(sqlite3.connect(database)) as fresh, fresh:
        for name in backup.pieces():
            fresh.execute("UPDATE evidence SET content = ? WHERE sha256 = ?", (backup.piece(name).read_bytes(), name))


def _made_new(database: Path, manifest: Manifest, now: datetime, who: str) -> None:
    engine = open_engine(database)
    try:
        schema.upgrade(engine)
        with writing(engine) as conn:
            epoch = token_hex(8)
            house.put(conn, "epoch", epoch)
            _leap(conn)
            what = {"made_at": manifest.made_at.isoformat(), "epoch": manifest.epoch}
            deed = audit.Deed(who=who, action="house.restored", thing="house", before=what, after={"epoch": epoch})
            audit.record(conn, deed, now)
    finally:
        engine.dispose()
    with closing(sqlite3.connect(database)) as fresh:
        fresh.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _leap(conn: Connection) -> None:
    for statement in _LEAPS:
        conn.exec_driver_sql(statement, (LEAP,))


def _set_aside(data: Path, backup: BackupFolder, now: datetime) -> Path | None:
    """Move what will be replaced into a folder of its own; None when nothing stands there."""
    replaced = [Path(DATABASE + side) for side in _SIDE_FILES]
    replaced += [file.relative_to(backup.files) for file in files_below(backup.files)]
    standing = [place for place in replaced if (data / place).exists()]
    if not standing:
        return None
    aside = data / f"replaced-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    for place in standing:
        (aside / place).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        (data / place).rename(aside / place)
    return aside


def _put_file(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(file, target)
    target.chmod(0o600)


def _drop(database: Path) -> None:
    for side in _SIDE_FILES:
        with suppress(FileNotFoundError):
            database.with_name(database.name + side).unlink()
