"""Backups on a schedule: one as soon as the newest is too old, the oldest removed, failures on record and tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

import structlog

from central.backup.making import Source, back_up, thin_out
from central.errors import BackupError
from central.parts import Parts
from central.store import backups, changes
from central.store.backups import BackupRow

LOOK_EVERY = timedelta(seconds=10)
AFTER_FAILURE = timedelta(minutes=15)
log = structlog.get_logger()


@dataclass(frozen=True)
class Plan:
    """What to copy, where to, how often, how many backups stay, and whether they hold the house's keys."""

    source: Source
    folder: Path
    every: timedelta
    keep: int
    with_secrets: bool


class BackingUp:
    """Looks at the clock and at what was made."""

    def __init__(self, parts: Parts, plan: Plan) -> None:
        self._parts = parts
        self._plan = plan
        self._look_at = parts.now()

    def look(self) -> int:
        """Make a backup if one is due; 1 when one was made."""
        now = self._parts.now()
        if now < self._look_at:
            return 0
        self._look_at = now + LOOK_EVERY
        with self._parts.reading() as conn:
            newest = backups.newest(conn)
        if newest is not None and now - newest.made_at < self._plan.every:
            return 0
        return self._make(now)

    def _make(self, now: datetime) -> int:
        started_s = monotonic()
        try:
            made = back_up(self._plan.source, self._plan.folder, now, with_secrets=self._plan.with_secrets)
            thin_out(self._plan.folder, self._plan.keep)
        except (BackupError, OSError) as error:
            self._look_at = now + AFTER_FAILURE
            log.error("backup_failed", why=str(error), remedy=f"tried again in {AFTER_FAILURE}")
            self._note(BackupRow(now, str(self._plan.folder), 0, monotonic() - started_s, str(error)))
            return 0
        self._note(BackupRow(now, str(made.folder.path), made.written_bytes, monotonic() - started_s))
        log.info("backup_made", folder=str(made.folder.path), bytes=made.written_bytes)
        return 1

    def _note(self, row: BackupRow) -> None:
        with self._parts.writing() as conn:
            backups.add(conn, row)
            changes.log(conn, "", "backup", row.folder, row.made_at)
