"""Files that survive a power cut: replaced as a whole, and on the disk before anything rests on them."""

import os
from pathlib import Path


def replaced(file: Path, content: bytes) -> None:
    """Replace `file` by `content`; when this returns it is durable, and at no moment is it torn."""
    fresh = file.with_name(f".{file.name}.new")
    with fresh.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    synced_folder(file.parent)


def synced_folder(folder: Path) -> None:
    """The names in `folder` are on the disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
