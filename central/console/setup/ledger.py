"""Completeness: of all that devices ever numbered what is here, and how each of the last thirty days came out."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from io import StringIO

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from central.console.fragments import Fragment, Look, Page, Rows, show
from central.fleet import ledger
from central.fleet.audit import days_between
from central.parts import parts
from central.store import ledger_days
from central.store.ledger_days import LedgerDay

blueprint = Blueprint("ledger", __name__)
DAYS_SHOWN = 30


@dataclass(frozen=True)
class DeviceDays:
    """One device's last days, oldest first; None where there is no record."""

    device: str
    days: Sequence[tuple[date, LedgerDay | None]]


def _accounts(look: Look) -> Rows:
    accounts = ledger.completeness(look.conn, site=look.site)
    newest = ledger_days.newest(look.conn)
    rows = [
        (one, one.silent_since(look.now), ledger.declared(look.conn, one.device), newest.get(one.device)) for one in accounts
    ]
    return {"accounts": rows}


def _days(look: Look) -> Rows:
    last = look.now.date() - timedelta(days=1)
    shown = days_between(last - timedelta(days=DAYS_SHOWN - 1), last)
    found = ledger_days.between(look.conn, look.site, shown[0], last)
    by_key = {(day.device, day.day): day for day in found}
    devices = sorted({day.device for day in found})
    return {
        "shown": shown,
        "device_days": [DeviceDays(name, [(day, by_key.get((name, day))) for day in shown]) for name in devices],
        "remarkable": [day for day in found if day.verdict != "complete"],
    }


PAGE = Page(
    "ledger",
    "setup/ledger/page.html",
    (
        Fragment("accounts", "setup/ledger/_accounts.html", frozenset({"device", "event", "quarantine"}), _accounts),
        Fragment("days", "setup/ledger/_days.html", frozenset({"ledger_day"}), _days),
    ),
)
PAGES = (PAGE,)


@blueprint.get("/setup/ledger")
def page() -> ResponseReturnValue:
    """Every device's account, and its days."""
    return show(PAGE)


@blueprint.get("/setup/ledger/days.csv")
def export() -> ResponseReturnValue:
    """Every day on record, as a table for other programs."""
    with parts().reading() as conn:
        found = ledger_days.between(conn, parts().site, date.min, date.max)
    text = StringIO()
    lines = csv.writer(text)
    names = [field.name for field in fields(LedgerDay)]
    lines.writerow(names)
    lines.writerows([getattr(day, name) for name in names] for day in found)
    headers = {"Content-Disposition": "attachment; filename=ledger-days.csv"}
    return Response(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)
