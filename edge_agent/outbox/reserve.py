"""Disk space kept back for the day on which the disk is full.

Deleting acknowledged rows needs room first: for the log, and for folding the log back into the file. A device that filled
its own disk while it was offline would otherwise stay full after everything was delivered.
"""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

RESERVE_BYTES = 1_500_000  # more than the log holds before it is folded back (1,000 pages)
FREE_SHARE = 4  # never take more than a quarter of what is free


@dataclass(frozen=True)
class Reserve:
    """A file of nothing beside the outbox."""

    path: Path

    def fill(self) -> None:
        """Keep the space back, where there is plenty."""
        if self.path.exists() or shutil.disk_usage(self.path.parent).free < FREE_SHARE * RESERVE_BYTES:
            return
        try:
            with self.path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
        except OSError:
            self.spend()

    def spend(self) -> None:
        """Give the space to whoever needs it now."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
