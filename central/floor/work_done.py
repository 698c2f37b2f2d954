"""What came of work orders, in a person's or a program's words: kept once, audited, and said to whom it concerns."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.errors import Refused
from central.floor import false_alarms
from central.floor.false_alarms import FalseAlarms
from central.store import alarms, audit, catalogue, changes, decisions, work_orders
from central.store.facts import Fact
from central.store.work_orders import Finding, WorkOrder

OBSERVED = timedelta(days=180)
CLOCK_TOLERANCE = timedelta(minutes=5)
_DONE = ("accepted", "adjusted")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was found and done. work_order: the decision's id, or a name for work that nobody decided; see WorkOrder."""

    work_order: str
    machine: str
    finding: Finding
    done_at: datetime
    has_failed: bool = False
    is_renewed: bool = False
    note: str | None = None


def record(conn: Connection, site: str, outcome: Outcome, who: str, now: datetime) -> list[Fact]:
    """Keep what came of a work order; the same a second time changes nothing. Returns what it wakes. Raises Refused."""
    decision = _decision_of(conn, site, outcome)
    order = WorkOrder(site=site, **vars(outcome), decision=decision, recorded_at=now, recorded_by=who)
    before = work_orders.get(conn, site, outcome.work_order)
    if before is not None:
        return _again(before, outcome)
    if catalogue.machine(conn, site, outcome.machine) is None:
        raise Refused(f"there is no machine {outcome.machine!r} at {site}")
    if outcome.done_at > now + CLOCK_TOLERANCE:
        raise Refused(f"{outcome.done_at.isoformat()} lies in the future: say when it was done")
    work_orders.add(conn, order)
    changes.log(conn, site, "work_order", outcome.work_order, now)
    thing = f"work_order/{outcome.work_order}"
    audit.record(conn, audit.Deed(who=who, action="work_order.done", thing=thing, after=outcome.finding), now)
    return [Fact("work_order", site, {"machine": outcome.machine})]


def false_alarms_of(conn: Connection, site: str, machine: str, now: datetime, since: datetime | None = None) -> FalseAlarms:
    """How often the alarms of a machine were false since a moment, or within the last half year."""
    begin = since or now - OBSERVED
    raised = alarms.journal(conn, site, what="raised", since=begin)
    done = [order for order in work_orders.all_of(conn, site, machine, begin) if order.decision is not None]
    mine = sum(entry.thing == machine for entry in raised)
    return false_alarms.estimate([order.finding for order in done], mine, (now - begin) / timedelta(days=1))


def _decision_of(conn: Connection, site: str, outcome: Outcome) -> str | None:
    """The decision that a work order carries out; None where nobody decided it. Raises Refused for one not accepted."""
    decision = decisions.get(conn, outcome.work_order)
    if decision is None:
        return None
    if (decision.site, decision.subject) != (site, outcome.machine):
        raise Refused(f"decision {decision.id} is not about {outcome.machine} at {site}")
    if decision.state not in _DONE:
        raise Refused(f"decision {decision.id} is {decision.state}: only what was accepted can have been carried out")
    return decision.id


def _again(before: WorkOrder, outcome: Outcome) -> list[Fact]:
    kept = {name: getattr(before, name) for name in vars(outcome)}
    if kept != vars(outcome):
        raise Refused(
            f"work order {outcome.work_order} is on record with another outcome, by {before.recorded_by}; "
            "give new work a new name"
        )
    return []
