"""What people agree on about a picture (pure).

The answer with the most votes counts once it leads the next by one; so one person's word stands until somebody contradicts
it, and then a third decides. Boxes are drawn by hand and never equal: answers with the same verdict, name and number of
boxes are one answer, and its latest boxes count. Where "cannot tell" leads, the picture teaches nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from central.store.labels import KINDS, Box, Pictured, Verdict, Vote
from protocols.messages.defect import Defect
from protocols.messages.shelf_count import ShelfCount

DEFECT, SHELF_COUNT = KINDS


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What a picture shows. is_good: a part without a flaw; name: of the flaw or the thing; boxes: fractions, all of them;
    is_right: whether the machine had said so. votes: for this answer, of `people` who gave one."""

    picture: Pictured
    is_good: bool
    name: str
    boxes: tuple[Box, ...]
    is_right: bool
    votes: int
    people: int


def leading(votes: Sequence[Vote]) -> Vote | None:
    """The latest vote for the answer that leads; None before anybody leads."""
    groups: dict[tuple[Verdict, str | None, int], list[Vote]] = {}
    for vote in votes:
        groups.setdefault((vote.verdict, vote.label, len(vote.boxes)), []).append(vote)
    ranked = sorted(groups.values(), key=len, reverse=True)
    if not ranked or (len(ranked) > 1 and len(ranked[0]) == len(ranked[1])):
        return None
    return ranked[0][-1]


def settled(picture: Pictured, votes: Sequence[Vote]) -> Settled | None:
    """What the votes on a picture come to; None while people differ, or cannot tell."""
    vote = leading(votes)
    if vote is None or vote.verdict == "cannot_tell":
        return None
    seen, name = machine_boxes(picture), "carton" if picture.kind == SHELF_COUNT else "anomaly"
    boxes = {
        "confirm": seen,
        "other_label": vote.boxes or seen,
        "fix_box": vote.boxes,
        "add_missed": seen + vote.boxes,
        "not_a_defect": (),
    }[vote.verdict]
    count = sum((one.verdict, one.label, len(one.boxes)) == (vote.verdict, vote.label, len(vote.boxes)) for one in votes)
    return Settled(
        picture=picture,
        is_good=vote.verdict == "not_a_defect",
        name=vote.label or name,
        boxes=boxes,
        is_right=_is_right(picture, vote.verdict, len(boxes)),
        votes=count,
        people=len(votes),
    )


def machine_boxes(picture: Pictured) -> tuple[Box, ...]:
    """The boxes that the machine drew."""
    if picture.kind == SHELF_COUNT:
        return tuple(msgspec.json.decode(picture.data, type=ShelfCount).boxes)
    return tuple(region.box for region in msgspec.json.decode(picture.data, type=Defect).regions)


def _is_right(picture: Pictured, verdict: Verdict, boxes: int) -> bool:
    """A count is right when it is the number of true boxes, a defect when there is one."""
    if picture.kind == SHELF_COUNT:
        return boxes == msgspec.json.decode(picture.data, type=ShelfCount).facings
    return verdict != "not_a_defect"
