"""Damaged files that were set aside for people to look at. They count in the budget, and leave before anything of worth."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

KEPT_ASIDE = 2
PARTS = ("", "-wal", "-shm", "-wal-unsealed")


def set_file_aside(path: Path, now: datetime) -> Path:
    """Rename a damaged file and its log; the new name. Of older ones the newest is kept."""
    aside = path.with_name(f"{path.stem}.damaged-{now:%Y%m%dT%H%M%S}{path.suffix}")
    for suffix in PARTS:
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    for old in set_aside(path)[:-KEPT_ASIDE]:
        remove(old)
    return aside


def set_aside(path: Path) -> list[Path]:
    """The damaged files of the outbox at `path`, oldest first."""
    return sorted(path.parent.glob(f"{path.stem}.damaged-*{path.suffix}"))


def set_aside_bytes(path: Path) -> int:
    """What they take of the disk, logs and all."""
    return sum(part.stat().st_size for old in set_aside(path) for part in _parts(old) if part.exists())


def remove(path: Path) -> None:
    """Delete one outbox file with everything beside it."""
    for part in _parts(path):
        part.unlink(missing_ok=True)


def _parts(path: Path) -> Iterator[Path]:
    yield from (path.with_name(path.name + suffix) for suffix in PARTS)
    yield path.with_suffix(".lock")
    yield path.with_suffix(".reserve")
