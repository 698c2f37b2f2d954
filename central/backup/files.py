"""The files of a house beside its database: configuration, keys, archives of releases, labelled frames.

Archives and frames are large and stay as they are: one that the backup before holds already is linked, not copied.
"""

import filecmp
import shutil
from contextlib import suppress
from pathlib import Path

from central.backup.manifest import BackupFolder, backups_in, files_below

SECRET_FOLDERS = ("secrets", "tls", "broker")
LARGE_FOLDERS = ("releases", "labelled")
_LEFT_OUT = frozenset({".pid", ".log", ".new"})


def copy_files(data_dir: Path, config_file: Path, backup: BackupFolder, *, with_secrets: bool) -> int:
    """Put them into the backup, readable by its owner only; how many bytes took no room, as an earlier backup has them."""
    before, shared_bytes = _newest_beside(backup), 0
    for folder in (*(SECRET_FOLDERS if with_secrets else ()), *LARGE_FOLDERS):
        for file in files_below(data_dir / folder):
            place = file.relative_to(data_dir)
            if file.suffix in _LEFT_OUT:
                continue
            if folder in LARGE_FOLDERS and before is not None and _is_linked(file, before / place, backup.files / place):
                shared_bytes += file.stat().st_size
            else:
                _copy(file, backup.files / place)
    if config_file.exists():
        _copy(config_file, backup.files / config_file.name)
    return shared_bytes


def _newest_beside(backup: BackupFolder) -> Path | None:
    """The files of the backup that was made last."""
    others = backups_in(backup.path.parent)
    return others[-1].files if others else None


def _is_linked(file: Path, earlier: Path, fresh: Path) -> bool:
    """Whether `fresh` is now the earlier copy of the same content; some disks know no links."""
    fresh.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(OSError):
        if filecmp.cmp(file, earlier, shallow=False):
            fresh.hardlink_to(earlier)
            return True
    return False


def _copy(file: Path, fresh: Path) -> None:
    fresh.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(file, fresh)
    fresh.chmod(0o600)
