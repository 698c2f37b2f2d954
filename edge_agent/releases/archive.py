"""Takes a bundle out of its archive: a plain tar of a few flat files, and nothing that is anything else."""

import os
import tarfile
from pathlib import Path

from edge_agent.errors import ReleaseRejected
from edge_agent.releases.durable import synced_folder

MOST_FILES = 16


def unpack(archive: Path, folder: Path) -> None:
    """Write the files of `archive` into the empty `folder`, durably. Raises ReleaseRejected for an unsafe or torn one.

    The archive is uncompressed, so that its files are no larger than itself.
    """
    try:
        with tarfile.open(archive, "r:") as opened:
            for count, member in enumerate(opened, start=1):
                _refuse_unsafe(member, count)
                _write(opened, member, folder)
    except (tarfile.TarError, ValueError, EOFError, OverflowError) as error:
        raise ReleaseRejected(f"the archive cannot be unpacked ({error}); add the release again at the centre") from error
    synced_folder(folder)


def _refuse_unsafe(member: tarfile.TarInfo, count: int) -> None:
    name = member.name
    is_plain = name.isprintable() and not name.startswith(".") and Path(name).name == name and "\\" not in name
    if not member.isreg() or not is_plain:
        raise ReleaseRejected(f"the archive holds {name!r}, which is no plain file; make it with `tallyhouse release add`")
    if count > MOST_FILES:
        raise ReleaseRejected(f"the archive holds more than {MOST_FILES} files; make it with `tallyhouse release add`")


def _write(opened: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    content = opened.extractfile(member)
    if content is None:
        raise ReleaseRejected(f"the archive holds {member.name!r} without content")
    with content, (folder / member.name).open("xb") as file:
        while block := content.read(1 << 16):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
