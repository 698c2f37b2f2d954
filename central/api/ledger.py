"""The completeness ledger: of all that each device numbered, what is here; and the account of each day, for export."""

import csv
from dataclasses import fields
from datetime import date, timedelta
from io import StringIO
from typing import Any, Literal

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from central.api import nouns
from central.api.access import caller, needs
from central.api.answers import Answer, Moment, answer, moment_text
from central.fleet import ledger
from central.fleet.ledger import Completeness
from central.parts import parts
from central.store import ledger_days
from central.store.ledger_days import LedgerDay, Verdict

blueprint = nouns.blueprint_for("ledger")
DAYS_SHOWN = timedelta(days=30)


class LossShape(Answer, frozen=True):
    """What a device gave up for one reason (refused, evicted, corrupt); `kinds` as far as it knew."""

    reason: str
    events: int
    kinds: dict[str, int]


class AccountShape(Answer, frozen=True):
    """expected = stored + quarantined + declared_lost + missing. `unaccounted` as the newest day's audit found it."""

    device: str
    expected: int
    stored: int
    missing: int
    quarantined: int
    declared_lost: int
    lost: list[LossShape]
    duplicates: int
    unsent: int | None
    unsent_bytes: int | None
    oldest_unsent_s: float | None
    silent_since: Moment | None
    unaccounted: int | None


class LedgerAnswer(Answer, frozen=True):
    """By device."""

    items: list[AccountShape]


class DayShape(Answer, frozen=True):
    """closing = opening + stored + declared_lost + quarantined. `missing` were not here when the day was judged."""

    device: str
    day: date
    opening: int
    closing: int
    stored: int
    declared_lost: int
    quarantined: int
    duplicates: int
    missing: int
    unaccounted: int
    verdict: Verdict
    recorded_at: Moment
    completed_at: Moment | None


class DaysAnswer(Answer, frozen=True):
    """Newest first."""

    items: list[DayShape]


class DaysQuery(BaseModel, extra="forbid"):
    """Which days (UTC); the last thirty unless said otherwise."""

    device: str | None = Field(None, max_length=32)
    since: date | None = Field(None, strict=False)
    until: date | None = Field(None, strict=False)
    format: Literal["json", "csv"] = "json"


@blueprint.get("", summary="What is here of all that devices numbered", responses={200: LedgerAnswer})
@needs("devices:read")
def now() -> Response:
    """The accounts of the devices at the token's site."""
    with parts().reading() as conn:
        newest = ledger_days.newest(conn)
        accounts = ledger.completeness(conn, site=caller().site)
        return answer(LedgerAnswer(items=[_account(conn, one, newest.get(one.device)) for one in accounts]))


@blueprint.get("/days", summary="The account of each day, as JSON or CSV", responses={200: DaysAnswer})
@needs("devices:read")
def days(query: DaysQuery) -> Response:
    """One row a device and day, written when the day is over."""
    until = query.until or parts().now().date()
    with parts().reading() as conn:
        found = ledger_days.between(conn, caller().site, query.since or until - DAYS_SHOWN, until, query.device)
    if query.format == "csv":
        return Response(_csv(found), content_type="text/csv; charset=utf-8")
    return answer(DaysAnswer(items=[DayShape(**vars(day)) for day in found]))


def _account(conn: Connection, one: Completeness, day: LedgerDay | None) -> AccountShape:
    return AccountShape(
        device=one.device,
        expected=one.expected,
        stored=one.stored,
        missing=one.missing,
        quarantined=one.quarantined,
        declared_lost=one.declared_lost,
        lost=[LossShape(reason=x.reason, events=x.events, kinds=dict(x.kinds)) for x in ledger.declared(conn, one.device)],
        duplicates=one.duplicates,
        unsent=one.unsent,
        unsent_bytes=one.unsent_bytes,
        oldest_unsent_s=one.oldest_unsent_age_s,
        silent_since=one.silent_since(parts().now()),
        unaccounted=None if day is None else day.unaccounted,
    )


def _csv(found: list[LedgerDay]) -> str:
    text = StringIO()
    names = [field.name for field in fields(LedgerDay)]
    lines = csv.DictWriter(text, names)
    lines.writeheader()
    lines.writerows(_texts(day) for day in found)
    return text.getvalue()


def _texts(day: LedgerDay) -> dict[str, Any]:
    moments = {"recorded_at": day.recorded_at, "completed_at": day.completed_at}
    return {**vars(day), **{name: moment and moment_text(moment) for name, moment in moments.items()}}
