"""Files that people bring, from the command line: sales, orders, terms; each row gets its verdict."""

import csv
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from central import runtime
from central.cli.options import DEFAULT_CONFIG, WHO, AsJson, ConfigFile, loaded_config
from central.deciding import waking
from central.imports import posting, registry, report, templates
from central.imports.findings import Verdict
from central.imports.report import Report, Tally
from central.imports.run import Doors
from central.imports.words import worded
from central.parts import Parts
from central.spreadsheets import reading
from central.spreadsheets.cells import Conventions
from central.spreadsheets.writing import safe

app = typer.Typer()
MOST_LINES = 20
KIND_HELP = ", ".join(kind.name for kind in registry.KINDS)


@app.command("import", epilog="Example: tallyhouse import sales sales-2026.csv --dry-run")
def import_file(  # noqa: PLR0917  typer passes by name
    kind: Annotated[str, typer.Argument(help=KIND_HELP)],
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what each row would do, and change nothing.")] = False,
    decimal: Annotated[
        Literal["point", "comma"] | None, typer.Option(help="The decimal sign, where it is not clear.")
    ] = None,
    dates: Annotated[
        Literal["day_first", "month_first"] | None, typer.Option(help="How 3/4/2026 is meant, where it is not clear.")
    ] = None,
    verdicts: Annotated[Path | None, typer.Option(help="Write the verdict on every row here, as CSV.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Import a file; what is right goes in beside what is wrong. Exit code 1 when any row was refused."""
    found = registry.kind_named(kind)
    table = reading.opened(file)
    with runtime.opened(loaded_config(config)) as parts:
        tally = Tally()
        job = posting.prepared(found, table, Conventions(decimal, dates), parts.reading, parts.site, parts.now())
        _consume(tally.counted(job.verdicts(_doors(parts, dry_run))), verdicts)
        came_to = tally.report(job.findings)
        if not dry_run:
            with parts.writing() as conn:
                posting.record(conn, parts.site, found.name, file.name, came_to, WHO, parts.now())
    _tell(came_to, as_json, dry_run)
    raise typer.Exit(1 if came_to.counts["refused"] else 0)


@app.command("import-template", epilog="Example: tallyhouse import-template sales sales.xlsx")
def write_template(
    kind: Annotated[str, typer.Argument(help=KIND_HELP)],
    file: Annotated[Path, typer.Argument(help="Where to write it: .xlsx or .csv.")],
) -> None:
    """Write an empty file of a kind: its headings, an example row, what each column holds."""
    found = registry.kind_named(kind)
    if file.suffix.casefold() == ".csv":
        file.write_text(templates.as_csv(found), encoding="utf-8", newline="")
    else:
        file.write_bytes(templates.as_xlsx(found))
    typer.echo(f"{file}: {len(found.columns)} columns")


def _doors(parts: Parts, is_rehearsal: bool) -> Doors:
    return Doors(
        reading=parts.reading,
        writing=None if is_rehearsal else parts.writing,
        wake=lambda conn, facts: waking.wake(conn, parts.capabilities, facts, parts.now()),
        who=WHO,
    )


def _consume(passing: Iterator[Verdict], into: Path | None) -> None:
    with ExitStack() as stack:
        write = None
        if into is not None:
            write = csv.writer(stack.enter_context(into.open("w", encoding="utf-8-sig", newline=""))).writerow
            write(report.HEADINGS)
        for verdict in passing:
            if write is not None:
                for line in report.lines(verdict):
                    write([safe(cell) for cell in line])


def _tell(came_to: Report, as_json: bool, is_rehearsal: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**asdict(came_to), "dry_run": is_rehearsal}, default=str))
        return
    for verdict in came_to.shown[:MOST_LINES]:
        for finding in (*verdict.faults, *verdict.notes):
            typer.echo(
                f"row {verdict.row} {verdict.state}: {finding.column + ': ' if finding.column else ''}{worded(finding)}"
            )
    if len(came_to.shown) > MOST_LINES:
        typer.echo(f"… more; --verdicts FILE writes all of them. By code: {came_to.codes}")
    for finding in came_to.findings:
        typer.echo(f"the file: {worded(finding)}")
    counts = ", ".join(f"{number} {state}" for state, number in came_to.counts.items())
    typer.echo(
        f"{came_to.rows} rows: {counts}, {came_to.noted} with a note{'; nothing was changed' if is_rehearsal else ''}"
    )
