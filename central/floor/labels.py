"""Review: which picture a person sees next, what the answer is worth, and how it is taken back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite, sqrt
from typing import Literal

import msgspec
from sqlalchemy import Connection

from central.errors import Refused
from central.floor.agreement import DEFECT, Settled, leading, settled
from central.store import audit, changes, labels
from central.store.labels import Box, Pictured, Verdict, Vote
from protocols.messages.defect import Defect

LEASED_FOR = timedelta(minutes=10)
ASKED_FOR = timedelta(days=30)  # older pictures show yesterday's shelves
SAMPLE_SHARE, SAMPLE_PLACE = 0.05, 17
MOST_BOXES, MOST_LOOKED_AT = 500, 2000
_WITH_BOXES = ("fix_box", "add_missed")
Why = Literal["disagreement", "uncertain", "sample"]
_URGENCY: tuple[Why, ...] = ("disagreement", "uncertain", "sample")


@dataclass(frozen=True)
class ToReview:
    """A picture for one person, theirs until `until`. why: people differ, the machine was in doubt, or it was drawn."""

    picture: Pictured
    why: Why
    until: datetime


@dataclass(frozen=True)
class Said:
    """A person's answer about a picture. boxes: fractions; needed to fix or add some. label: needed for another name."""

    evidence: str
    verdict: Verdict
    label: str | None = None
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class ModelAccuracy:
    """How often a model was right in what people settled: the share with its 95 % interval (Wilson 1927)."""

    model: str
    kind: str
    pictures: int
    right: int
    share: float
    low: float
    high: float


def next_to_review(conn: Connection, site: str, person: str, now: datetime) -> ToReview | None:
    """The next picture for this person, leased to them; None when there is nothing to do."""
    taken, votes = labels.leased(conn, site, now), _by_picture(labels.valid(conn, site))
    waiting: list[tuple[int, Pictured, Why]] = []
    seen: set[str] = set()
    for picture in labels.candidates(conn, site, now - ASKED_FOR, SAMPLE_SHARE, SAMPLE_PLACE, MOST_LOOKED_AT):
        why = _asked_why(picture, votes.get(picture.evidence, []), person)
        if picture.evidence in seen or why is None or taken.get(picture.evidence, person) != person:
            continue
        seen.add(picture.evidence)
        waiting.append((_URGENCY.index(why), picture, why))
    if not waiting:
        return None
    _, picture, why = min(waiting, key=lambda one: one[0])
    labels.lease(conn, site, picture.evidence, person, now + LEASED_FOR)
    return ToReview(picture, why, now + LEASED_FOR)


def answer(conn: Connection, site: str, said: Said, person: str, now: datetime) -> int:
    """Keep a person's answer, in place of the one they gave before; its number. Raises Refused."""
    picture = labels.pictured(conn, site, said.evidence)
    if picture is None:
        raise Refused(f"no picture {said.evidence} of a count or a part has come at {site}; it may be too old")
    _check(picture, said)
    holder = labels.leased(conn, site, now).get(said.evidence, person)
    if holder != person:
        raise Refused(f"{holder} is looking at this picture; take the next one")
    for before in labels.valid(conn, site, said.evidence):
        if before.person == person:
            labels.undo(conn, before.id, now)
    vote = Vote(
        site=site,
        evidence=said.evidence,
        event=picture.event,
        kind=picture.kind,
        verdict=said.verdict,
        label=said.label,
        boxes=said.boxes,
        person=person,
        labelled_at=now,
    )
    number = labels.add(conn, vote)
    labels.give_back(conn, site, said.evidence, now)
    _note(conn, site, person, "picture.labelled", said.evidence, said.verdict, now)
    return number


def undo(conn: Connection, site: str, label_id: int, person: str, now: datetime) -> None:
    """Take one's own answer back; the picture can be asked about again. Raises Refused."""
    vote = labels.get(conn, site, label_id)
    if vote is None or vote.person != person:
        raise Refused(f"there is no label {label_id} of {person}'s at {site}")
    if vote.undone_at is None:
        labels.undo(conn, label_id, now)
        _note(conn, site, person, "picture.label_undone", vote.evidence, vote.verdict, now)


def settled_pictures(conn: Connection, site: str) -> list[Settled]:
    """What people agree on, picture by picture, those only that are still kept."""
    found = []
    for evidence, votes in sorted(_by_picture(labels.valid(conn, site)).items()):
        picture = labels.pictured(conn, site, evidence)
        one = None if picture is None else settled(picture, votes)
        if one is not None:
            found.append(one)
    return found


def accuracy(found: Sequence[Settled]) -> list[ModelAccuracy]:
    """How often each model was right, by what people settled."""
    by_model: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for one in found:
        by_model[(one.picture.model or "", one.picture.kind)].append(one.is_right)
    return [_accuracy(model, kind, answers) for (model, kind), answers in sorted(by_model.items())]


def _accuracy(model: str, kind: str, answers: Sequence[bool]) -> ModelAccuracy:
    total, right, z = len(answers), sum(answers), 1.959964
    share = right / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    reach = z / (1 + z * z / total) * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return ModelAccuracy(model, kind, total, right, share, max(middle - reach, 0.0), min(middle + reach, 1.0))


def _asked_why(picture: Pictured, votes: Sequence[Vote], person: str) -> Why | None:
    """Why this person should look at a picture; None when they have, or when it is settled."""
    if any(vote.person == person for vote in votes):
        return None
    if votes:
        return "disagreement" if leading(votes) is None else None
    is_doubt = picture.kind == DEFECT and msgspec.json.decode(picture.data, type=Defect).verdict == "review"
    return "uncertain" if is_doubt else "sample"


def _check(picture: Pictured, said: Said) -> None:
    """Raises Refused for an answer that does not say what it must."""
    if said.verdict in _WITH_BOXES and not 1 <= len(said.boxes) <= MOST_BOXES:
        raise Refused(f"{said.verdict} needs 1 to {MOST_BOXES} boxes; draw them, or choose another answer")
    if said.verdict == "other_label" and not said.label:
        raise Refused("other_label needs the label; name what it is")
    if said.verdict == "not_a_defect" and picture.kind != DEFECT:
        raise Refused("not_a_defect is an answer about a part; for a count fix the boxes")
    for box in said.boxes:
        x1, y1, x2, y2 = box
        if not all(map(isfinite, box)) or not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
            raise Refused(f"box {list(box)}: x1 < x2 and y1 < y2, all as fractions of the picture, 0 to 1")


def _by_picture(votes: Sequence[Vote]) -> dict[str, list[Vote]]:
    found: dict[str, list[Vote]] = defaultdict(list)
    for vote in votes:
        found[vote.evidence].append(vote)
    return found


def _note(conn: Connection, site: str, person: str, action: str, evidence: str, verdict: str, now: datetime) -> None:
    changes.log(conn, site, "label", evidence, now)
    audit.record(conn, audit.Deed(who=person, action=action, thing=f"evidence/{evidence}", after=verdict), now)
