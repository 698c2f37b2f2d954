"""What a rule approves alone: off until an admin sets limits, each approval audited under its name, pausing itself.

`approving.py` asks it in the transaction that records a proposal, or finds that an open one still holds.
"""

from datetime import datetime
from math import isfinite

from sqlalchemy import Connection

from central.deciding.capability import Capability
from central.errors import RuleRefused
from central.store import audit, autopilot, changes
from central.store.audit import Deed
from central.store.autopilot import AUTOPILOT, Rule
from central.store.decisions import Decision

MOST_UNDO_MINUTES = 24 * 60


def obstacle(card: Capability, rule: Rule, decision: Decision, moved_today: float) -> str | None:
    """The first limit that keeps a proposal from being approved alone; None when none does. Unknown is too much."""
    quantity = (decision.proposal or {}).get(card.quantity) if card.quantity else None
    checks = (
        ("not_open", decision.state == "proposed"),
        ("currency", decision.currency == rule.currency),
        ("effect", decision.effect is not None and abs(decision.effect) <= rule.most_effect),
        ("effect_a_day", moved_today + abs(decision.effect or 0.0) <= rule.most_effect_a_day),
        ("quantity", rule.most_quantity is None or (quantity is not None and abs(quantity) <= rule.most_quantity)),
        ("confidence", not rule.least_confidence or (decision.confidence or 0.0) >= rule.least_confidence),
        ("late", decision.approve_by is None or decision.approve_by >= decision.decided_at),
    )
    return next((name for name, is_kept in checks if not is_kept), None)


def change(conn: Connection, card: Capability, rule: Rule) -> None:
    """From now on this rule holds, unpaused. Raises RuleRefused for limits that make no sense."""
    limits = (rule.most_effect, rule.most_effect_a_day, rule.most_quantity or 0.0)
    if not all(isfinite(limit) for limit in limits):
        raise RuleRefused("a limit is a number that can be reached")
    if rule.most_effect < 0 or rule.most_effect_a_day < 0 or not 0 <= rule.least_confidence <= 1 or rule.pause_after < 1:
        raise RuleRefused("limits are 0 or more, the confidence between 0 and 1, and it pauses after 1 or more")
    if not 0 < rule.undo_minutes <= MOST_UNDO_MINUTES:
        raise RuleRefused(f"an approval can be taken back for more than 0 and at most {MOST_UNDO_MINUTES} minutes")
    if rule.most_quantity is not None and (card.quantity is None or rule.most_quantity < 0):
        raise RuleRefused(f"{card.name} names no quantity, or it is below 0: leave that limit out")
    before = autopilot.rule(conn, rule.site, card.name)
    autopilot.put(conn, rule)
    _record(conn, rule.changed_by, "autopilot.change", rule, _limits(before) if before else None)


def taken_back(conn: Connection, decision: Decision, now: datetime) -> None:
    """A person took an approval back: counted, and after so many the rule pauses itself."""
    rule = autopilot.rule(conn, decision.site, decision.capability)
    if rule is None:
        return
    times = autopilot.note_taken_back(conn, decision.site, decision.capability)
    if times >= rule.pause_after and rule.paused_at is None:
        autopilot.pause(conn, decision.site, decision.capability, now)
        thing = f"autopilot/{decision.site}/{decision.capability}"
        audit.record(conn, Deed(who=AUTOPILOT, action="autopilot.pause", thing=thing, after={"taken_back": times}), now)
        changes.log(conn, decision.site, "capability", decision.capability, now)


def stop_all(conn: Connection, person: str, now: datetime) -> None:
    """The switch: no autopilot of the house approves anything until it is released."""
    _switch(conn, person, "autopilot.stop_all", person, now)


def release_all(conn: Connection, person: str, now: datetime) -> None:
    """Let the rules that are on go on."""
    _switch(conn, person, "autopilot.release_all", None, now)


def _switch(conn: Connection, person: str, action: str, stopped_by: str | None, now: datetime) -> None:
    before = autopilot.stopped_by(conn)
    autopilot.set_stopped(conn, stopped_by)
    audit.record(conn, Deed(who=person, action=action, thing="autopilot", before=before, after=stopped_by), now)
    changes.log(conn, "", "capability", "autopilot", now)


def _record(conn: Connection, person: str, action: str, rule: Rule, before: dict[str, object] | None) -> None:
    thing = f"autopilot/{rule.site}/{rule.capability}"
    deed = Deed(who=person, action=action, thing=thing, before=before, after=_limits(rule))
    audit.record(conn, deed, rule.changed_at)
    changes.log(conn, rule.site, "capability", rule.capability, rule.changed_at)


def _limits(rule: Rule) -> dict[str, object]:
    names = (
        *("is_on", "most_effect", "most_effect_a_day", "currency", "most_quantity", "least_confidence", "undo_minutes"),
        "pause_after",
    )
    return {name: getattr(rule, name) for name in names}
