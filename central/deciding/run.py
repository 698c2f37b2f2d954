"""The one way a decision is made: gather in a read, decide with no transaction open, record and announce in one write.

What cannot be decided is recorded too, and replaces nothing: the last good decision stands. A subject that was woken while
it was being decided stays due; what was thought while a person gave a verdict is dropped, and thought again with it.
"""

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import structlog
from pydantic import BaseModel
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from central.deciding import contest, fixing, message
from central.deciding.approving import approve_alone
from central.deciding.capability import Capability, Subject
from central.deciding.contest import Seats
from central.deciding.outcome import Cause, Inputs, Outcome, Reason
from central.deciding.thinking import Decider, conclude_safely, failed, in_process
from central.store import changes, decisions, due, params, shadows
from central.store.decisions import CauseRow, Decision
from central.store.due import Due
from central.store.engine import reading, writing
from central.store.shadows import Shadow
from protocols.identity import uuid7

log = structlog.get_logger()


@dataclass(frozen=True)
class Thought:
    """What came out, what it was made from, under which version of the parameters, and what stood when it was begun."""

    capability: str
    outcome: Outcome
    inputs: Inputs | None
    params_version: int
    stood: Decision | None = None
    shadow: Shadow | None = None  # what the way that is not in charge would have done

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Facts it rests on, the parameters among them."""
        version = Cause("params", f"{self.capability}/{self.params_version}", values={"version": self.params_version})
        return (*(self.inputs.causes if self.inputs else ()), version)


def run(
    engine: Engine,
    card: Capability,
    task: Due,
    clock: Callable[[], datetime],
    entropy: Callable[[int], bytes] = os.urandom,
    decide: Decider = in_process,
) -> str | None:
    """Decide one due subject. Returns the id of the decision that was recorded, None when the standing one still holds.

    None too when a person gave a verdict meanwhile; the subject then stays due. Raises OperationalError when the database
    is busy, Interrupted when the centre stops: it stays due.
    """
    thought = think(engine, card, Subject(task.site, task.subject), clock(), decide)
    now = clock()
    with writing(engine) as conn:
        if decisions.standing(conn, task.site, card.name, task.subject) != thought.stood:
            return None  # or an order that was just accepted would be proposed a second time
        due.clear(conn, task)
        return record(conn, card, task, thought, now, entropy(10))


def think(engine: Engine, card: Capability, subject: Subject, now: datetime, decide: Decider = in_process) -> Thought:
    """Gather and decide. Whatever a capability raises becomes an Undecided that says so."""
    version, stood = 0, None
    try:
        with reading(engine) as conn:
            stood = decisions.standing(conn, subject.site, card.name, subject.key)
            version, values = params.current(conn, card.name)
            knobs: BaseModel = card.params.model_validate(values)
            inputs = fixing.fixed(conn, card, subject, card.gather(conn, subject, knobs, now), now)
            seats = contest.seats(conn, card)
    except OperationalError:
        raise
    except Exception as error:
        log.exception("capability_failed", capability=card.name, site=subject.site, subject=subject.key)
        return Thought(card.name, failed(error), None, version, stood)
    outcome = conclude_safely(card, seats.acts, inputs, knobs, decide)
    shadow = _in_shadow(card, seats, inputs, knobs, outcome, decide, now)
    return Thought(card.name, outcome, inputs, version, stood, shadow)


def _in_shadow(
    card: Capability, seats: Seats, inputs: Inputs, knobs: BaseModel, acted: Outcome, decide: Decider, now: datetime
) -> Shadow | None:
    if seats.in_shadow is None:
        return None
    outcome = conclude_safely(card, seats.in_shadow, inputs, knobs, decide)
    try:
        return contest.shadow_of(card, seats.in_shadow, outcome, acted, inputs, knobs, now)
    except Exception:  # what never acts must not keep what does from being recorded
        log.exception("shadow_not_priced", capability=card.name, way=seats.in_shadow)
        return None


def record(conn: Connection, card: Capability, task: Due, thought: Thought, now: datetime, entropy: bytes) -> str | None:
    """Keep what was thought, replace what it replaces, and say so; None when nothing changed."""
    key = (task.site, card.name, task.subject)
    outcome = thought.outcome
    undecided = outcome.state == "undecided"
    stands = decisions.undecided(conn, *key) if undecided else decisions.standing(conn, *key)
    if stands and _holds(conn, stands, thought):
        if not undecided:
            _replace(conn, card, [row for row in decisions.unreviewed(conn, *key) if row.id != stands.id], stands.id, now)
        _keep_shadow(conn, thought, stands.id)
        approve_alone(conn, card, stands, now)  # a rule may have been set since it was proposed
        return None
    decision = _row(key, thought, now, str(uuid7(int(now.timestamp() * 1000), entropy)))
    older = [row for row in decisions.unreviewed(conn, *key) if row.state == "undecided" or not undecided]
    decisions.add(conn, decision, [CauseRow(**asdict(cause)) for cause in thought.causes])
    _replace(conn, card, older, decision.id, now)
    changes.log(conn, task.site, "decision", decision.id, now)
    if decision.state != "nothing":
        message.announce_decision(conn, card, decision, decision.state, now)
    _keep_shadow(conn, thought, decision.id)
    approve_alone(conn, card, decision, now)
    return decision.id


def _keep_shadow(conn: Connection, thought: Thought, decision_id: str) -> None:
    if thought.shadow is not None:
        shadows.put(conn, replace(thought.shadow, decision=decision_id))


def says_the_same(outcome: Outcome, stands: Decision) -> bool:
    """Whether `outcome` asks for what `stands` asked for, for the same main reason; a person's verdict then holds.

    For what is undecided all reasons count: each names something that is missing.
    """
    if outcome.state == "undecided":
        return stands.codes == {reason.code for reason in outcome.reasons}
    if outcome.proposal is None:
        same = stands.state == outcome.state
    else:
        same = stands.state in ("proposed", "rejected") and stands.proposal == outcome.proposal.model_dump(mode="json")
    return same and stands.reasons[0]["code"] == outcome.reasons[0].code


def _holds(conn: Connection, stands: Decision, thought: Thought) -> bool:
    """Whether the standing decision says the same, on the same kinds of facts, none of which turned out wrong."""
    stood_on = {cause.kind for cause in decisions.causes_of(conn, stands.id)}
    same = says_the_same(thought.outcome, stands) and stood_on == {cause.kind for cause in thought.causes}
    return same and not decisions.rests_on_wrong_count(conn, stands.id)


def _replace(conn: Connection, card: Capability, older: list[Decision], by: str, now: datetime) -> None:
    decisions.supersede(conn, [row.id for row in older], by)
    for row in older:
        changes.log(conn, row.site, "decision", row.id, now)
        if row.state == "proposed":
            message.announce_decision(conn, card, row, "superseded", now)


def _row(key: tuple[str, str, str], thought: Thought, now: datetime, decision_id: str) -> Decision:
    outcome = thought.outcome
    site, capability, subject = key
    return Decision(
        id=decision_id,
        site=site,
        capability=capability,
        subject=subject,
        state=outcome.state,
        decided_at=now,
        proposal=outcome.proposal.model_dump(mode="json") if outcome.proposal else None,
        reasons=[_reason(reason) for reason in outcome.reasons],
        would_change=[_reason(reason) for reason in outcome.would_change] or None,
        inputs=thought.inputs.model_dump(mode="json") if thought.inputs else {},
        params_version=thought.params_version,
        effect=outcome.effect.amount if outcome.effect else None,
        currency=outcome.effect.currency if outcome.effect else None,
        confidence=outcome.confidence,
        interval=asdict(outcome.interval) if outcome.interval else None,
        approve_by=outcome.approve_by,
    )


def _reason(reason: Reason) -> dict[str, object]:
    return {"code": reason.code, "values": dict(reason.values)}
