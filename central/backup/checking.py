"""Whether a backup can be put back: every hash, every piece of evidence, and the database read from end to end."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from central.backup.manifest import BackupFolder, Manifest, hash_of
from central.errors import BackupError

MOST_TOLD = 5


def checked(backup: BackupFolder) -> Manifest:
    """What the backup says of itself, once all of it is found true. Raises BackupError that names what is wrong."""
    manifest = backup.manifest()
    problems = [*_wrong_files(backup, manifest), *_wrong_pieces(backup, manifest)] or list(_wrong_rows(backup, manifest))
    if problems:
        more = f" and {len(problems) - MOST_TOLD} more" if len(problems) > MOST_TOLD else ""
        raise BackupError(f"{backup.path} is damaged: {'; '.join(problems[:MOST_TOLD])}{more}; use another backup")
    return manifest


def _wrong_files(backup: BackupFolder, manifest: Manifest) -> Iterator[str]:
    for name, expected in manifest.hashes.items():
        file = backup.path / name
        if not file.is_file():
            yield f"{name} is missing"
        elif hash_of(file) != expected:
            yield f"{name} was changed"


def _wrong_pieces(backup: BackupFolder, manifest: Manifest) -> Iterator[str]:
    pieces = backup.pieces()
    if len(pieces) != manifest.evidence:
        yield f"{len(pieces)} of {manifest.evidence} pieces of evidence are listed"
    for name in pieces:
        file = backup.piece(name)
        if not file.is_file():
            yield f"evidence {name} is missing"
        elif f"sha256:{hash_of(file)}" != name:
            yield f"evidence {name} was changed"


def _wrong_rows(backup: BackupFolder, manifest: Manifest) -> Iterator[str]:
    try:
        with closing(sqlite3.connect(f"{backup.database.resolve().as_uri()}?mode=ro", uri=True)) as database:
            if (verdict := database.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                yield f"the database says: {verdict}"
            for table, expected in manifest.counts.items():
                found = database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608
                if found != expected:
                    yield f"table {table} has {found} rows of {expected}"
    except sqlite3.Error as error:
        yield f"the database cannot be read: {error}"
