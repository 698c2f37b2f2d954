"""Why: from a decision down to the picture or the stretch of readings that caused it, and one event by itself.

A wrong leaf is corrected here: a count that a person calls wrong is trusted no more, and what rested on it is decided again.
"""

import msgspec
from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, Row, select

from central.console.access import current_person, may
from central.console.charts import Chart, Line
from central.console.fragments import Fragment, Look, Page, Rows, row_number, show
from central.console.redraw import answer
from central.console.words import card_of
from central.deciding import review
from central.deciding.drafts import written
from central.deciding.message import decision_message
from central.deciding.trace import Tree, trace
from central.deciding.waking import wake
from central.floor import seen, stock
from central.floor.seen import Seen
from central.parts import parts
from central.store import audit, decisions, locks, reviews
from central.store.audit import Deed
from central.store.counts import counts
from central.store.decisions import Decision, decision_causes
from central.store.evidence import evidence
from protocols import codec
from protocols.messages.equipment_anomaly import EquipmentAnomaly
from protocols.messages.evidence import READINGS_TYPE, Stretch, StretchChannel

blueprint = Blueprint("why", __name__)

MOST_DECISIONS = 10


def _decision(look: Look) -> Rows:
    decision = decisions.get(look.conn, look.key)
    tree = trace(look.conn, look.key)
    if decision is None or tree is None:
        abort(404)
    successor = decisions.get(look.conn, decision.superseded_by) if decision.superseded_by else None
    return {
        "decision": decision,
        "tree": tree,
        "events": {event.link: _behind(look.conn, event) for event in _events(tree)},
        "review": reviews.valid(look.conn, decision.id),
        "reviews": reviews.all_of(look.conn, decision.id),
        "successor": successor,
        "override_reasons": review.REASONS,
        "locks": locks.holding(look.conn, decision.site, decision.capability, decision.subject, look.now),
        "fixable": _fixable(decision),
        "drafts": _drafts(decision),
    }


def _fixable(decision: Decision) -> dict[str, object]:
    """The fields of a proposal that a person may fix, with what they are."""
    card, proposal = card_of(decision), decision.proposal or {}
    names = sorted(card.adjustable | card.respects) if card is not None else []
    return {name: proposal[name] for name in names if isinstance(proposal.get(name), str | int | float)}


def _drafts(decision: Decision) -> list[str]:
    """Names of the forms in which it may leave the house."""
    card = card_of(decision)
    return list(card.drafts) if card is not None and decision.proposal and decision.state != "rejected" else []


def _event(look: Look) -> Rows:
    device, _slash, sequence = look.key.partition("/")
    event = seen.event(look.conn, device, row_number(sequence))
    if event is None:
        abort(404)
    count = _count(look.conn, event)
    used_by = _decisions_on(look, event)
    return {"event": event, "count": count, "used_by": used_by, "stretch": _stretch(look.conn, event)}


def _events(tree: Tree) -> list[Tree]:
    return [event for cause in tree.rests_on for event in cause.rests_on if event.kind == "event"]


def _behind(conn: Connection, event: Tree) -> Seen | None:
    _kind, device, sequence = event.link.split("/")
    return seen.event(conn, device, int(sequence))


def _count(conn: Connection, event: Seen) -> Row[*tuple[object, ...]] | None:
    """The count that the event became: id, wrong_at, wrong_by."""
    same = (counts.c.device == event.device) & (counts.c.sequence == event.sequence)
    return conn.execute(select(counts.c.id, counts.c.location, counts.c.wrong_at, counts.c.wrong_by).where(same)).first()


def _decisions_on(look: Look, event: Seen) -> list[Decision]:
    same = (decision_causes.c.device == event.device) & (decision_causes.c.sequence == event.sequence)
    rows = look.conn.execute(select(decision_causes.c.decision).where(same).distinct().limit(MOST_DECISIONS))
    found = [decisions.get(look.conn, row.decision) for row in rows]
    return [decision for decision in found if decision is not None]


def _stretch(conn: Connection, event: Seen) -> list[tuple[StretchChannel, Chart]]:
    """The readings around an anomaly, a chart a channel; none until they have arrived."""
    if event.media_type != READINGS_TYPE:
        return []
    content = conn.execute(select(evidence.c.content).where(evidence.c.sha256 == event.evidence)).scalar_one()
    try:
        stretch = msgspec.json.decode(content, type=Stretch)
    except msgspec.DecodeError:
        return []
    start = stretch.started_at.timestamp()
    times = [start + after for after in stretch.times_s]
    message = event.message
    worst = [one.channel for one in message.channels] if isinstance(message, EquipmentAnomaly) else []
    channels = sorted(stretch.channels, key=lambda one: worst.index(one.channel) if one.channel in worst else len(worst))
    return [(channel, _chart(times, channel, event)) for channel in channels if times]


def _chart(times: list[float], channel: StretchChannel, event: Seen) -> Chart:
    points = [(at, value) for at, value in zip(times, channel.values, strict=False) if value is not None]
    message = event.message
    since = message.since.timestamp() if isinstance(message, EquipmentAnomaly) else times[-1]
    expected = [
        (one.expected_low, one.expected_high)
        for one in (message.channels if isinstance(message, EquipmentAnomaly) else [])
        if one.channel == channel.channel and one.expected_low is not None and one.expected_high is not None
    ]
    band = [(at, low, high) for low, high in expected for at in (times[0], times[-1])]
    spans = [(max(since, times[0]), times[-1])] if since < times[-1] else []
    return Chart(times[0], times[-1], (Line(points),), band, spans)


DECISION = Page(
    "decision",
    "why/decision.html",
    (Fragment("why", "why/_decision.html", frozenset({"decision", "lock", "position"}), _decision),),
)
EVENT = Page("event", "why/event.html", (Fragment("why", "why/_event.html", frozenset({"position", "event"}), _event),))
PAGES = (DECISION, EVENT)


@blueprint.get("/why/decision/<decision_id>")
def decision_page(decision_id: str) -> ResponseReturnValue:
    """A decision, what it rests on, what would change it, its history."""
    return show(DECISION, decision_id)


@blueprint.get("/why/decision/<decision_id>.json")
def decision_json(decision_id: str) -> ResponseReturnValue:
    """The decision as integrators receive it."""
    with parts().reading() as conn:
        decision = decisions.get(conn, decision_id) or abort(404)
        card = card_of(decision) or abort(404)
        verdict = reviews.valid(conn, decision_id)
        said = decision_message(conn, card, decision, decision.state, verdict)
    return Response(codec.encode(said), mimetype="application/json")


@blueprint.get("/why/decision/<decision_id>/draft/<form>")
def draft(decision_id: str, form: str) -> ResponseReturnValue:
    """The proposal in one of the forms in which it may leave the house."""
    with parts().reading() as conn:
        decision = decisions.get(conn, decision_id) or abort(404)
        card = card_of(decision) or abort(404)
        if form not in card.drafts:
            abort(404)
        made = written(conn, card.drafts[form], card.proposal, decision) or abort(404)
    headers = {"Content-Disposition": f"attachment; filename={made.file_name}"}
    return Response(made.text, content_type=made.media_type, headers=headers)


@blueprint.get("/why/event/<device>/<sequence>")
def event_page(device: str, sequence: str) -> ResponseReturnValue:
    """One event with its picture or its stretch of readings."""
    return show(EVENT, f"{device}/{sequence}")


@blueprint.post("/counts/<int(max=999999999999999999):count_id>/wrong")
@may("count.mark_wrong")
def mark_wrong(count_id: int) -> ResponseReturnValue:
    """Trust a count no more; what rested on it is decided again at once."""
    running, person = parts(), current_person().name
    try:
        with running.writing() as conn:
            facts = stock.mark_count_wrong(conn, count_id, person, running.now())
            wake(conn, running.capabilities, facts, running.now())
            audit.record(conn, Deed(who=person, action="count.mark_wrong", thing=f"count/{count_id}"), running.now())
    except LookupError:
        abort(404)
    return answer(frozenset({"position", "decision"}))
