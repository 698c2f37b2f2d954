"""The completeness ledger on the command line: whether anything that a device ever numbered is missing."""

import json
from datetime import date, datetime
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from central import runtime
from central.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile, loaded_config
from central.errors import Refused
from central.fleet import audit, ledger
from central.fleet.ledger import Completeness
from central.store import devices, ledger_days
from central.store.ledger_days import LedgerDay

app = typer.Typer()
MOMENT_S = 60


@app.command("ledger", epilog="Example: tallyhouse ledger --day 2026-11-23 --json")
def show_ledger(
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The record of a day (UTC), not of now.")
    ] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Hold every device's ledger against the rows that are there; exit code 1 when anything is missing."""
    loaded = loaded_config(config)
    with runtime.opened(loaded) as parts, parts.reading() as conn:
        rows = _day(conn, loaded.site, day.date()) if day else _now(conn, parts.now())
    if day and not rows:
        raise Refused(f"no record of {day:%Y-%m-%d}; `tallyhouse background` writes it ten minutes after midnight UTC")
    if as_json:
        typer.echo(json.dumps(rows, default=str))
    for row in [] if as_json else rows:
        typer.echo("  ".join(f"{name} {value}" for name, value in row.items() if value not in (None, [])))
    if any(_is_trouble(row) for row in rows):
        raise typer.Exit(1)


def _is_trouble(row: dict[str, Any]) -> bool:
    """Anything that vanished, or that is missing and was not made a moment ago by a device that can be heard."""
    is_moving = not row.get("silent_since", True) and (row.get("oldest_unsent_s") or 0) < MOMENT_S
    return bool(row["unaccounted"] or (row["missing"] and not is_moving))


def _now(conn: Connection, now: datetime) -> list[dict[str, Any]]:
    return [_account(conn, account, now) for account in ledger.completeness(conn)]


def _account(conn: Connection, account: Completeness, now: datetime) -> dict[str, Any]:
    own = devices.ledgers_of(conn, [account.device])[account.device]
    found = audit.audit(conn, own)
    return {
        "device": account.device,
        "site": account.site,
        "expected": account.expected,
        "stored": account.stored,
        "missing": account.missing,
        "declared_lost": account.declared_lost,
        "lost": [vars(loss) for loss in ledger.declared(conn, account.device)],
        "quarantined": account.quarantined,
        "duplicates": account.duplicates,
        "unsent": account.unsent,
        "unsent_bytes": account.unsent_bytes,
        "oldest_unsent_s": account.oldest_unsent_age_s,
        "silent_since": account.silent_since(now),
        "unaccounted": found.unaccounted,
        "first_hole": None if found.is_right else audit.first_hole(conn, own),
    }


def _day(conn: Connection, site: str, day: date) -> list[dict[str, Any]]:
    return [_dated(row) for row in ledger_days.between(conn, site, day, day)]


def _dated(row: LedgerDay) -> dict[str, Any]:
    settled = row.completed_at is not None
    return {**vars(row), "missing": 0 if settled else row.missing, "came_later": row.missing if settled else 0}
