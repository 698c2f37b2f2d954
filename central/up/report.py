"""What one run of `up` created and what of it landed, from the ledgers of both sides.

Created is what the agents' own sequence counters say: the row `counter.last` of each outbox file. Landed is what the centre
has rows of. Both are counted between the counters at the start and those after the drain, so that only this run counts.
"""

import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from central.store.counts import counts
from central.store.decisions import decision_causes, decisions
from central.store.devices import ledgers
from central.store.events import events

DRAIN_TIMEOUT_S = 10.0
DRAIN_LOOK_S = 0.25
SUMMARY = "sensor_summary/1"  # closes a window: it occurred a minute before anybody could know it

Counters = Mapping[str, int]


@dataclass(frozen=True)
class Run:
    """The sequences of one run: above `before`, up to and with `after`, for each device."""

    before: Counters
    after: Counters

    @property
    def created(self) -> int:
        """Events that the agents gave a sequence."""
        return sum(last - self.before[device] for device, last in self.after.items())


def counters(outboxes: Mapping[str, Path]) -> dict[str, int]:
    """The last sequence that each device gave; 0 for one that has no outbox yet."""
    return {device: _last_sequence(file) for device, file in outboxes.items()}


def drained(read: Callable[[], Counters], cursors: Callable[[], Counters]) -> Counters:
    """The counters once the centre's cursors have reached them and they stand still, or after 10 s as they are then."""
    deadline_s = time.monotonic() + DRAIN_TIMEOUT_S
    before: Counters = {}
    while (now := read()) != before or any(cursors().get(device, 0) < last for device, last in now.items()):
        if time.monotonic() > deadline_s:
            break
        before = now
        time.sleep(DRAIN_LOOK_S)
    return now


def cursors(conn: Connection) -> dict[str, int]:
    """How far the events of each device have landed without a hole."""
    return dict(conn.execute(select(ledgers.c.device, ledgers.c.cursor)).all())


def written(conn: Connection, run: Run) -> dict[str, Any]:
    """The report as JSON values."""
    by_kind = _by_kind(conn, run)
    landed = sum(by_kind.values())
    return {
        "events_created": run.created,
        "events_landed": landed,
        "lost": run.created - landed,
        "applied_twice": _applied_twice(conn, run),
        "by_kind": by_kind,
        "decisions": _decisions(conn, run),
        "latency_ms": _latency_ms(conn, run),
        "devices": {device: last - run.before[device] for device, last in run.after.items()},
    }


def _last_sequence(file: Path) -> int:
    if not file.exists():
        return 0
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as outbox:
        return int(outbox.execute("SELECT last FROM counter").fetchone()[0])


def _of_run(run: Run, device: ColumnElement[Any], sequence: ColumnElement[Any]) -> ColumnElement[bool]:
    ranges = [and_(device == name, sequence > run.before[name], sequence <= last) for name, last in run.after.items()]
    return or_(false(), *ranges)


def _by_kind(conn: Connection, run: Run) -> dict[str, int]:
    mine = _of_run(run, events.c.device, events.c.sequence)
    query = select(events.c.kind, func.count()).where(mine).group_by(events.c.kind).order_by(events.c.kind)
    return dict(conn.execute(query).all())


def _applied_twice(conn: Connection, run: Run) -> int:
    """Counts kept more than once for one event, and events that a ledger counted more often than there are rows."""
    mine = _of_run(run, counts.c.device, counts.c.sequence)
    each = (
        select(func.count().label("rows"))
        .select_from(counts)
        .where(mine)
        .group_by(counts.c.device, counts.c.sequence, counts.c.location)
    )
    kept_twice = conn.execute(select(func.coalesce(func.sum(each.subquery().c.rows - 1), 0))).scalar_one()
    stored = conn.execute(select(func.coalesce(func.sum(ledgers.c.stored), 0))).scalar_one()
    rows = conn.execute(select(func.count()).select_from(events)).scalar_one()
    return int(kept_twice) + max(0, int(stored) - int(rows))


def _decisions(conn: Connection, run: Run) -> int:
    """Proposals that name an event of this run among their causes."""
    mine = _of_run(run, decision_causes.c.device, decision_causes.c.sequence)
    proposals = select(func.count(decision_causes.c.decision.distinct())).join(decisions).where(mine)
    return int(conn.execute(proposals.where(decisions.c.proposal.is_not(None))).scalar_one())


def _latency_ms(conn: Connection, run: Run) -> dict[str, float | None]:
    """From the moment that an event speaks of to its row, without the summaries of whole windows."""
    mine = _of_run(run, events.c.device, events.c.sequence)
    query = select(events.c.occurred_at, events.c.received_at).where(mine, events.c.kind != SUMMARY)
    took_ms = [_milliseconds(*row) for row in conn.execute(query)]
    if len(took_ms) < 2:
        return {"p50": None, "p95": None}
    percentiles = quantiles(took_ms, n=100, method="inclusive")
    return {"p50": round(percentiles[49], 1), "p95": round(percentiles[94], 1)}


def _milliseconds(occurred_at: datetime, received_at: datetime) -> float:
    return (received_at - occurred_at).total_seconds() * 1000
