"""What a backup says of itself: which house, of when, and the hash of everything in it.

A backup folder holds one folder a backup, named for its moment, and `evidence/` with each picture once, named by its hash.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from central.errors import BackupError

FORMAT = 1
MANIFEST, DATABASE, EVIDENCE_LIST, FILES = "manifest.json", "tallyhouse.db", "evidence.txt", "files"
CHUNK_BYTES = 1 << 20


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """hashes: path in the backup's folder → SHA-256; counts: table → rows; evidence: how many pieces the list names.

    has_secrets: whether it holds the keys of the house, so that its devices will believe the restored centre.
    """

    format: int
    made_at: datetime
    site: str
    schema: str
    epoch: str
    hashes: Mapping[str, str]
    counts: Mapping[str, int]
    evidence: int
    evidence_bytes: int
    has_secrets: bool


@dataclass(frozen=True)
class BackupFolder:
    """One backup; `path` is its own folder."""

    path: Path

    @property
    def database(self) -> Path:
        """The database, without the contents of evidence."""
        return self.path / DATABASE

    @property
    def files(self) -> Path:
        """Configuration, secrets, releases and labelled frames, as they lay in the data folder."""
        return self.path / FILES

    @property
    def evidence(self) -> Path:
        """Where the pieces of this backup and those beside it are."""
        return self.path.parent / "evidence"

    def piece(self, name: str) -> Path:
        """The file of one piece; name: "sha256:…"."""
        digest = name.removeprefix("sha256:")
        return self.evidence / digest[:2] / digest

    def pieces(self) -> list[str]:
        """The pieces that belong to this backup. Raises BackupError."""
        try:
            return (self.path / EVIDENCE_LIST).read_text().split()
        except OSError as error:
            raise BackupError(f"{self.path / EVIDENCE_LIST}: {error.strerror}; use another backup") from error

    def manifest(self) -> Manifest:
        """What it says of itself. Raises BackupError."""
        file = self.path / MANIFEST
        try:
            manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
        except OSError as error:
            raise BackupError(f"{file}: {error.strerror}; is this a backup that `tallyhouse backup` finished?") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BackupError(f"{file} cannot be read: {error}; use another backup") from error
        if manifest.format != FORMAT:
            raise BackupError(
                f"{file} is of format {manifest.format}, this version reads {FORMAT}: use the version it is of"
            )
        return manifest


def backups_in(folder: Path) -> list[BackupFolder]:
    """Every finished backup below a folder, oldest first."""
    return [BackupFolder(file.parent) for file in sorted(folder.glob(f"*/{MANIFEST}"))]


def chosen(folder: Path) -> BackupFolder:
    """The backup in `folder`, or the newest of those below it. Raises BackupError."""
    if (folder / MANIFEST).exists():
        return BackupFolder(folder)
    found = backups_in(folder)
    if not found:
        raise BackupError(f"{folder} holds no finished backup; make one with: tallyhouse backup {folder}")
    return found[-1]


def hash_of(file: Path) -> str:
    """SHA-256 of a file, as hex."""
    digest = sha256()
    with file.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder, by name; none where there is no such folder."""
    return (file for file in sorted(folder.rglob("*")) if file.is_file())
