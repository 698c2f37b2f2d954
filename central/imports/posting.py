"""Around an import: what is known before the first row, and what is put on record after the last."""

from datetime import datetime

from sqlalchemy import Connection

from central.imports import known
from central.imports.kind import Kind
from central.imports.report import Report
from central.imports.run import Import, Opening
from central.spreadsheets.cells import Conventions
from central.spreadsheets.table import Table
from central.store import audit, changes

NOUN = "import"


def prepared(kind: Kind, table: Table, how: Conventions, reading: Opening, site: str, now: datetime) -> Import:
    """An import that is ready to run. Raises SpreadsheetError when the columns are not those of the kind."""
    with reading() as conn:
        return Import(kind, table, how, known.known(conn, site, now))


def record(conn: Connection, site: str, kind: str, file: str, came_to: Report, who: str, now: datetime) -> None:
    """Put an import that was posted into the audit, and tell open pages."""
    after: dict[str, object] = {"file": file, "rows": dict(came_to.counts)}
    audit.record(conn, audit.Deed(who=who, action="import.posted", thing=f"import/{kind}", after=after), now)
    changes.log_all(conn, [(site, NOUN, kind)], now)
