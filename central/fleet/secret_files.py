"""Files that hold a secret: mode 0600 from their first byte, replaced as a whole or not at all."""

import os
from pathlib import Path


def write_secret(file: Path, content: bytes) -> None:
    """Replace `file` by `content`, readable by its owner only; a power cut leaves the old or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
