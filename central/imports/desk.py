"""Files brought through the console: kept beside the database, checked first, posted when somebody says so.

A long file is read in a thread of its own; how far it is stands in its row, so that any process can show it. A thread that
dies with its process leaves a row that stands still: it is posted again, which changes nothing that is in already.
"""

import csv
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, cast

import structlog
from sqlalchemy.exc import SQLAlchemyError

from central.errors import CentralError, Refused
from central.imports import posting, registry, report
from central.imports.report import Tally
from central.imports.run import Doors, Opening, Wake
from central.spreadsheets import reading
from central.spreadsheets.cells import Conventions
from central.spreadsheets.writing import safe
from central.store import changes, uploads
from central.store.uploads import Upload

log = structlog.get_logger()
TOLD_EVERY = timedelta(seconds=1)
STANDS_STILL = timedelta(minutes=2)
MOST_SHOWN = 50
MOST_KEPT = 24  # files of a site; they may have 200 MiB each
_AT_ONCE = 50


@dataclass(frozen=True)
class Desk:
    """What a desk needs: the store's doors, the clock, who wakes decisions, and the folder where files lie."""

    reading: Opening
    writing: Opening
    wake: Wake
    now: Callable[[], datetime]
    folder: Path

    def check(self, upload: Upload) -> None:
        """Read it and say what each row would do; nothing changes."""
        self._run(upload, "checked", None)

    def post(self, upload: Upload) -> None:
        """Read it again and put in what is right."""
        self._run(upload, "posted", self.writing)

    def _run(self, upload: Upload, then: Literal["checked", "posted"], writing: Opening | None) -> None:
        try:
            self._read(upload, then, writing)
        except (CentralError, OSError, SQLAlchemyError) as error:
            self._told(upload, state="failed", why=str(error)[:500])
            log.warning("import_failed", file=upload.file_name, kind=upload.kind, error=str(error))
        except Exception as error:  # a fault of ours: told as well, or the file would seem to be read for ever
            self._told(upload, state="failed", why=f"{type(error).__name__}: {error}"[:500])
            log.exception("import_broke", file=upload.file_name, kind=upload.kind)

    def _read(self, upload: Upload, then: Literal["checked", "posted"], writing: Opening | None) -> None:
        kind, how = registry.kind_named(upload.kind), _conventions(upload)
        table = reading.opened(Path(upload.path))
        self._told(upload, rows_done=0, rows_expected=table.expected_rows)
        job = posting.prepared(kind, table, how, self.reading, upload.site, self.now())
        tally, told = Tally(), _Clock(self, upload)
        passing = tally.counted(job.verdicts(Doors(self.reading, writing, self.wake, upload.uploaded_by)), told)
        with verdict_file(upload).open("w", encoding="utf-8-sig", newline="") as file:
            write = csv.writer(file)
            write.writerow(report.HEADINGS)
            for verdict in passing:
                write.writerows([safe(cell) for cell in line] for line in report.lines(verdict))
        came_to = tally.report(job.findings)
        if writing is not None:
            with writing() as conn:
                posting.record(conn, upload.site, kind.name, upload.file_name, came_to, upload.uploaded_by, self.now())
        shown = asdict(came_to) | {"shown": [asdict(each) for each in came_to.shown[:MOST_SHOWN]]}
        self._told(upload, state=then, rows_done=tally.rows, report=shown)

    def _told(self, upload: Upload, **values: object) -> None:
        now = self.now()
        with self.writing() as conn:
            uploads.change(conn, upload.id, updated_at=now, **values)
            changes.log_all(conn, [(upload.site, posting.NOUN, str(upload.id))], now)


class _Clock:
    """Says how far a file is, once a second."""

    def __init__(self, desk: Desk, upload: Upload) -> None:
        self._desk, self._upload, self._told_at = desk, upload, desk.now()

    def __call__(self, tally: Tally) -> None:
        if tally.rows % 500 == 0 and self._desk.now() - self._told_at >= TOLD_EVERY:
            self._told_at = self._desk.now()
            with self._desk.writing() as conn:
                uploads.change(conn, self._upload.id, rows_done=tally.rows, updated_at=self._told_at)
                changes.log_all(conn, [(self._upload.site, posting.NOUN, str(self._upload.id))], self._told_at)


def verdict_file(upload: Upload) -> Path:
    """Where the verdicts on its rows lie, as CSV."""
    return Path(f"{upload.path}.verdicts.csv")


def is_at_work(upload: Upload, now: datetime) -> bool:
    """Whether it is being read."""
    return upload.state in ("checking", "posting") and not stands_still(upload, now)


def stands_still(upload: Upload, now: datetime) -> bool:
    """Whether the process that read it died."""
    return upload.state in ("checking", "posting") and now - upload.updated_at > STANDS_STILL


def take_away(conn_of: Opening, upload: Upload, now: datetime) -> None:
    """Forget a file that is not being read. Raises Refused while it is."""
    if is_at_work(upload, now):
        raise Refused(f"{upload.file_name} is being read: wait until that is done")
    with conn_of() as conn:
        uploads.remove(conn, upload.site, upload.id)
        changes.log_all(conn, [(upload.site, posting.NOUN, str(upload.id))], now)
    for path in (Path(upload.path), verdict_file(upload)):
        with suppress(FileNotFoundError):
            path.unlink()


def tidy(conn_of: Opening, site: str, now: datetime) -> None:
    """Forget the oldest files, but those that are being read. What was posted stays posted, and in the audit."""
    with conn_of() as conn:
        old = uploads.newest(conn, site, _AT_ONCE, skip=MOST_KEPT)
    for upload in old:
        if not is_at_work(upload, now):
            take_away(conn_of, upload, now)


def kinds() -> Sequence[str]:
    """Names of the kinds there are."""
    return [kind.name for kind in registry.KINDS]


def _conventions(upload: Upload) -> Conventions:
    decimal = upload.decimal if upload.decimal in ("point", "comma") else None
    dates = upload.dates if upload.dates in ("day_first", "month_first") else None
    return Conventions(
        cast(Literal["point", "comma"] | None, decimal), cast(Literal["day_first", "month_first"] | None, dates)
    )
