"""One backup, made while the house runs: SQLite's own online copy in one step, which sees one moment and stops no writer."""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from central.backup.files import copy_files
from central.backup.manifest import (
    EVIDENCE_LIST,
    FORMAT,
    MANIFEST,
    BackupFolder,
    Manifest,
    backups_in,
    files_below,
    hash_of,
)
from central.errors import BackupError

PARTIAL = ".partial"


@dataclass(frozen=True)
class Source:
    """The house to copy: its database, its configuration file and the folder of its secrets."""

    database: Path
    data_dir: Path
    config_file: Path
    site: str


@dataclass(frozen=True)
class Made:
    """A finished backup; written_bytes: what it took on the disk, without what an earlier one holds already."""

    folder: BackupFolder
    manifest: Manifest
    written_bytes: int


def back_up(source: Source, into: Path, now: datetime, *, with_secrets: bool) -> Made:
    """Make one more backup in the folder `into`. Raises BackupError; what was begun is removed.

    Holds the house's keys unless told otherwise: then only those who own it may read it (mode 0700, files 0600).
    """
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone_in(into):
        return _made(source, into, now, with_secrets=with_secrets)


def _made(source: Source, into: Path, now: datetime, *, with_secrets: bool) -> Made:
    name = f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"
    final, partial = into / name, into / f".{name}{PARTIAL}"
    for left in into.glob(f".*{PARTIAL}"):  # of one that was killed
        shutil.rmtree(left)
    partial.mkdir(mode=0o700)
    try:
        made = _filled(source, BackupFolder(partial), now, with_secrets=with_secrets)
        os.sync()  # the whole of it, before its name says that it is finished
        partial.rename(final)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"no backup of {source.database} in {into}: {error}; check the disk and the path") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Made(BackupFolder(final), made.manifest, made.written_bytes)


def thin_out(into: Path, keep: int) -> int:
    """Remove all but the newest `keep` backups, and evidence that none of those names; how many backups went."""
    with _alone_in(into):
        return _thinned_out(into, keep)


def _thinned_out(into: Path, keep: int) -> int:
    found = backups_in(into)
    gone, kept = found[: max(0, len(found) - keep)], found[-keep:]
    for backup in gone:
        shutil.rmtree(backup.path)
    if gone:
        named = {backup.piece(piece) for backup in kept for piece in backup.pieces()}
        for file in files_below(into / "evidence"):
            if file not in named:
                file.unlink()
    return len(gone)


def _filled(source: Source, backup: BackupFolder, now: datetime, *, with_secrets: bool) -> Made:
    _copy(source.database, backup.database)
    with _opened(backup.database) as copy:
        pieces, piece_bytes, written = _evidence_out(copy, backup)
        copy.execute("VACUUM")
        schema, epoch, counts = _said_of_itself(copy)
    (backup.path / EVIDENCE_LIST).write_text("".join(f"{piece}\n" for piece in pieces))
    (backup.path / EVIDENCE_LIST).chmod(0o600)
    written -= copy_files(source.data_dir, source.config_file, backup, with_secrets=with_secrets)
    hashes = {str(file.relative_to(backup.path)): hash_of(file) for file in files_below(backup.path)}
    manifest = Manifest(
        format=FORMAT, made_at=now, site=source.site, schema=schema, epoch=epoch, hashes=hashes, counts=counts,
        evidence=len(pieces), evidence_bytes=piece_bytes, has_secrets=with_secrets,
    )  # fmt: skip
    (backup.path / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    written += sum(file.stat().st_size for file in files_below(backup.path))
    return Made(backup, manifest, written)


def _copy(database: Path, target: Path) -> None:
    target.touch(mode=0o600)
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as house, _opened(target) as copy:
        house.backup(copy)  # all pages in one step: one moment, whatever is written meanwhile
    with _opened(target) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")  # one file
        if (verdict := copy.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
            raise BackupError(f"{database} is damaged ({verdict}): put an earlier backup back, or export what can be read")


def _evidence_out(copy: sqlite3.Connection, backup: BackupFolder) -> tuple[list[str], int, int]:
    """Move contents out of the copy into one file each; their names, all their bytes, and those that were written now."""
    names: list[str] = []
    total = written = 0
    for name, content in copy.execute("SELECT sha256, content FROM evidence ORDER BY sha256"):
        names.append(name)
        total += len(content)
        written += _kept_once(backup.piece(name), name, content)
    copy.execute("UPDATE evidence SET content = x''")
    return names, total, written


def _kept_once(file: Path, name: str, content: bytes) -> int:
    if f"sha256:{sha256(content).hexdigest()}" != name:
        raise BackupError(f"evidence {name} is not what it is named for: the database is damaged; put a backup back")
    if file.exists() and file.stat().st_size == len(content):
        return 0
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_name(f".{file.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.replace(file)
    return len(content)


def _said_of_itself(copy: sqlite3.Connection) -> tuple[str, str, dict[str, int]]:
    tables = [row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    counts = {name: copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}  # noqa: S608
    schema = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    epoch = copy.execute("SELECT value FROM house WHERE key = 'epoch'").fetchone()
    return schema[0] if schema else "", epoch[0] if epoch else "", counts


@contextmanager
def _alone_in(into: Path) -> Iterator[None]:
    with (into / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupError(f"another backup is being made in {into}: try again when it is done") from error
        yield


@contextmanager
def _opened(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        yield connection
