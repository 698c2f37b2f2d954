"""Files of trade data from programs: the body is the file; the answer has a verdict for each row."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from flask import Response, request
from pydantic import BaseModel, Field

from central.api import nouns
from central.api.access import caller, needs, takes
from central.api.answers import Answer, answer
from central.api.problems import Problem
from central.deciding import waking
from central.errors import SpreadsheetError
from central.imports import posting, registry
from central.imports.findings import Finding, Verdict
from central.imports.report import Tally
from central.imports.run import Doors
from central.imports.words import worded
from central.parts import parts
from central.spreadsheets import reading
from central.spreadsheets.cells import Conventions
from central.spreadsheets.writing import XLSX_TYPE
from central.translations.catalogue import language_of, translator

blueprint = nouns.blueprint_for("imports")
MOST_BYTES = 4 * 2**20
CSV = "text/csv"
_BODY = {"schema": {"type": "string", "format": "binary"}}
_EXTENSIONS = {"requestBody": {"required": True, "content": {CSV: _BODY, XLSX_TYPE: _BODY}}}


class ImportPath(BaseModel):
    """What the file is about."""

    kind: str = Field(max_length=40, description=", ".join(kind.name for kind in registry.KINDS))


class ImportQuery(BaseModel, extra="forbid"):
    """Whether to change anything, and how to read what can be read in two ways."""

    dry_run: bool = Field(False, description="Say what each row would do, and change nothing.")
    decimal: Literal["point", "comma"] | None = None
    dates: Literal["day_first", "month_first"] | None = None


class FindingShape(Answer, frozen=True):
    """One thing found: in which column, what is written there, and the sentence in the reader's language."""

    column: str
    code: str
    written: str
    text: str


class RowShape(Answer, frozen=True):
    """What became of a row, or would; the headings are row 1."""

    row: int
    verdict: Literal["new", "changed", "unchanged", "refused"]
    findings: list[FindingShape]


class ImportShape(Answer, frozen=True):
    """Every row's verdict, rows by verdict, and what is to say of the whole file."""

    dry_run: bool
    counts: dict[str, int]
    rows: list[RowShape]
    findings: list[FindingShape]


@blueprint.post("/<kind>", summary="Import a CSV or XLSX file", responses={200: ImportShape}, openapi_extensions=_EXTENSIONS)
@needs("data:import")
@takes(CSV, XLSX_TYPE)
def bring(path: ImportPath, query: ImportQuery) -> Response:
    """What is right goes in beside what is wrong; the same file again changes nothing. At most 4 MiB."""
    request.max_content_length = MOST_BYTES
    body = request.get_data(cache=False)
    if path.kind not in {kind.name for kind in registry.KINDS}:
        raise Problem(
            404, "not-found", f"There is no kind {path.kind!r}: {', '.join(kind.name for kind in registry.KINDS)}."
        )
    with TemporaryDirectory() as folder:
        file = Path(folder) / path.kind
        file.write_bytes(body)
        try:
            return answer(_imported(path.kind, file, query))
        except SpreadsheetError as error:
            raise Problem(422, "unreadable-file", f"{error}") from error


def _imported(kind: str, file: Path, query: ImportQuery) -> ImportShape:
    house, site, who, tally = parts(), caller().site, f"token {caller().name}", Tally()
    how = Conventions(query.decimal, query.dates)
    job = posting.prepared(registry.kind_named(kind), reading.opened(file), how, house.reading, site, house.now())
    doors = Doors(
        house.reading,
        None if query.dry_run else house.writing,
        lambda conn, facts: waking.wake(conn, house.capabilities, facts, house.now()),
        who,
    )
    rows = [_row(verdict) for verdict in tally.counted(job.verdicts(doors))]
    came_to = tally.report(job.findings)
    if not query.dry_run:
        with house.writing() as conn:
            posting.record(conn, site, kind, "by REST", came_to, who, house.now())
    findings = [_finding(finding) for finding in came_to.findings]
    return ImportShape(dry_run=query.dry_run, counts=dict[str, int](came_to.counts.items()), rows=rows, findings=findings)


def _row(verdict: Verdict) -> RowShape:
    findings = [_finding(finding) for finding in (*verdict.faults, *verdict.notes)]
    return RowShape(row=verdict.row, verdict=verdict.state, findings=findings)


def _finding(finding: Finding) -> FindingShape:
    words = translator(language_of([tag for tag, _ in request.accept_languages]))
    text = worded(finding, words)
    return FindingShape(column=finding.column, code=finding.code, written=finding.written, text=text)
