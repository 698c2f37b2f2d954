"""Champion against challenger: who is in charge, what the other would have decided, how they compare, who said so."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import Connection

from central.deciding.capability import OWN, Capability
from central.deciding.locking import cost_of
from central.deciding.outcome import Inputs, Outcome, Reason
from central.deciding.waking import wake_every_subject
from central.errors import ContestRefused
from central.store import audit, changes, contests, shadows
from central.store.audit import Deed
from central.store.contests import Verdict
from central.store.decisions import Decision
from central.store.shadows import Shadow

Word = Literal["promoted", "rejected", "reopened"]
WORDS: tuple[Word, ...] = ("promoted", "rejected", "reopened")


@dataclass(frozen=True)
class Seats:
    """Whose decisions act, and who thinks beside it; None: nobody."""

    acts: str
    in_shadow: str | None


@dataclass(frozen=True)
class Comparison:
    """What acted against what was in shadow, over the same inputs. Sums of cost are over the pairs where both are known."""

    pairs: int
    different: int
    failed: int  # the shadow alone could not decide
    priced: int
    acted_cost: float
    shadow_cost: float
    currency: str | None


def seats(conn: Connection, card: Capability) -> Seats:
    """As people have it; a challenger of whom nobody said anything is in shadow."""
    if card.challenger is None:
        return Seats(OWN, None)
    said = contests.newest(conn, card.name, card.challenger.name)
    if said is not None and said.verdict == "promoted":
        return Seats(card.challenger.name, OWN)
    return Seats(OWN, None if said is not None and said.verdict == "rejected" else card.challenger.name)


def judge(conn: Connection, card: Capability, word: Word, reason: str, person: str, now: datetime) -> None:
    """A person promotes, rejects or reopens the challenger. A change of who acts has every subject decided again.

    Raises ContestRefused where there is no challenger, no reason, or nothing would change.
    """
    if card.challenger is None:
        raise ContestRefused(f"{card.name} has no challenger: nothing to judge")
    if word not in WORDS or not reason.strip():
        raise ContestRefused(f"say {', '.join(WORDS)}, and why")
    before = contests.newest(conn, card.name, card.challenger.name)
    if (before.verdict if before else "reopened") == word:
        raise ContestRefused(f"{card.challenger.name} is {word} already")
    acted = seats(conn, card).acts
    said = Verdict(
        capability=card.name, challenger=card.challenger.name, verdict=word, reason=reason, person=person, decided_at=now
    )
    contests.add(conn, said)
    thing = f"capability/{card.name}/{card.challenger.name}"
    audit.record(
        conn,
        Deed(who=person, action=f"challenger.{word}", thing=thing, before=before.verdict if before else None, after=reason),
        now,
    )
    changes.log(conn, "", "capability", card.name, now)
    if seats(conn, card).acts != acted:
        wake_every_subject(conn, card, now)


def shadow_of(
    card: Capability, way: str, outcome: Outcome, acted: Outcome, inputs: Inputs, params: BaseModel, now: datetime
) -> Shadow:
    """What `way` would have decided, as it is kept; the id of the decision beside it is put in when that is recorded."""
    ours, theirs = cost_of(card, inputs, params, outcome), cost_of(card, inputs, params, acted)
    is_comparable = ours is not None and theirs is not None and ours.currency == theirs.currency
    return Shadow(
        decision="",
        way=way,
        thought_at=now,
        state=outcome.state,
        proposal=outcome.proposal.model_dump(mode="json") if outcome.proposal else None,
        reasons=[_stored(reason) for reason in outcome.reasons],
        cost=ours.amount if is_comparable and ours else None,
        acted_cost=theirs.amount if is_comparable and theirs else None,
        currency=ours.currency if is_comparable and ours else None,
    )


def comparison(conn: Connection, card: Capability, site: str, since: datetime) -> Comparison | None:
    """How the one in shadow did beside the one that acts; None when there is nobody in shadow."""
    way = seats(conn, card).in_shadow
    return None if way is None else compared(shadows.pairs(conn, site, card.name, way, since))


def compared(pairs: Sequence[tuple[Decision, Shadow]]) -> Comparison:
    """The comparison of pairs of what acted and what did not."""
    known = [shadow for _decision, shadow in pairs if shadow.cost is not None and shadow.acted_cost is not None]
    return Comparison(
        pairs=len(pairs),
        different=sum(is_different(decision, shadow) for decision, shadow in pairs),
        failed=sum(shadow.state == "undecided" and decision.state != "undecided" for decision, shadow in pairs),
        priced=len(known),
        acted_cost=sum(shadow.acted_cost or 0.0 for shadow in known),
        shadow_cost=sum(shadow.cost or 0.0 for shadow in known),
        currency=known[0].currency if known else None,
    )


def is_different(decision: Decision, shadow: Shadow) -> bool:
    """Whether they would have had another thing done."""
    return decision.proposal != shadow.proposal or (decision.state == "undecided") != (shadow.state == "undecided")


def _stored(reason: Reason) -> dict[str, Any]:
    said = asdict(reason)
    return {"code": said["code"], "values": said["values"]}
