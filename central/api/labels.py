"""What people say about pictures: listed, and added by a program in which they say it."""

from typing import Annotated, Literal

from flask import Response
from pydantic import BaseModel, Field

from central.api import nouns
from central.api.access import caller, needs
from central.api.answers import Answer, Moment, answer
from central.api.problems import Problem
from central.errors import Refused
from central.floor import labels as review
from central.floor.labels import Said
from central.parts import parts
from central.store import labels

blueprint = nouns.blueprint_for("labels")
blueprint.register_error_handler(Refused, lambda error: Problem(409, "not-labelled", str(error)).answer())
Fraction = Annotated[float, Field(ge=0, le=1)]
BoxShape = tuple[Fraction, Fraction, Fraction, Fraction]
VerdictWord = Literal["confirm", "not_a_defect", "other_label", "fix_box", "add_missed", "cannot_tell"]


class LabelBody(BaseModel, extra="forbid"):
    """`evidence`: `sha256:…` of the picture, as in its event. `boxes`: x1, y1, x2, y2 as fractions of the picture; all of
    them for fix_box, the missing ones for add_missed. `label`: what it is, for other_label. `person`: who said so."""

    evidence: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    verdict: VerdictWord
    label: str | None = Field(None, min_length=1, max_length=64)
    boxes: list[BoxShape] = Field([], max_length=review.MOST_BOXES)
    person: str = Field(min_length=1, max_length=64)


class LabelShape(Answer, frozen=True):
    """One person's answer; `undone_at` when it was taken back or another took its place."""

    id: int
    evidence: str
    event: str
    kind: str
    verdict: str
    label: str | None
    boxes: list[tuple[float, float, float, float]]
    person: str
    labelled_at: Moment
    undone_at: Moment | None


class LabelsShape(Answer, frozen=True):
    """In the order in which they were given; `next`: ask `after` it for more, null at the end."""

    items: list[LabelShape]
    next: int | None


class GivenShape(Answer, frozen=True):
    """The number of the label."""

    id: int


class LabelsQuery(BaseModel, extra="forbid"):
    """From where on, and how many."""

    after: int = Field(0, ge=0, le=2**53, description="Number of the last label that is known.")
    limit: int = Field(100, ge=1, le=500)


class LabelPath(BaseModel):
    """The number of a label."""

    label_id: int = Field(ge=1, le=2**53)


class UndoBody(BaseModel, extra="forbid"):
    """Who takes it back: only the one who gave it."""

    person: str = Field(min_length=1, max_length=64)


class AccuracyShape(Answer, frozen=True):
    """`share` of the pictures that people settled in which the model was right, 95 % interval `low` to `high`."""

    model: str
    kind: str
    pictures: int
    right: int
    share: float
    low: float
    high: float


class AccuraciesShape(Answer, frozen=True):
    """One a model and kind of event."""

    items: list[AccuracyShape]


@blueprint.get("", summary="What people said about pictures", responses={200: LabelsShape})
@needs("evidence:read")
def all_of(query: LabelsQuery) -> Response:
    """Of the token's site, undone ones too."""
    with parts().reading() as conn:
        votes = labels.page(conn, caller().site, query.after, query.limit)
    items = [LabelShape(**{name: getattr(vote, name) for name in LabelShape.model_fields}) for vote in votes]
    return answer(LabelsShape(items=items, next=items[-1].id if len(items) == query.limit else None))


@blueprint.post("", summary="Add what a person says about a picture", responses={201: GivenShape})
@needs("decisions:review")
def add(body: LabelBody) -> Response:
    """In place of what the same person said of it before. 409 names what does not fit."""
    said = Said(body.evidence, body.verdict, body.label, tuple(body.boxes))
    with parts().writing() as conn:
        number = review.answer(conn, caller().site, said, _who(body.person), parts().now())
    return answer(GivenShape(id=number), 201)


@blueprint.post("/<int:label_id>/undo", summary="Take a label back", responses={200: GivenShape})
@needs("decisions:review")
def undo(path: LabelPath, body: UndoBody) -> Response:
    """It stays on record as undone; the picture can be asked about again."""
    with parts().writing() as conn:
        review.undo(conn, caller().site, path.label_id, _who(body.person), parts().now())
    return answer(GivenShape(id=path.label_id))


@blueprint.get("/accuracy", summary="How often each model was right by people's labels", responses={200: AccuraciesShape})
@needs("evidence:read")
def accuracy() -> Response:
    """Of the token's site."""
    with parts().reading() as conn:
        found = review.accuracy(review.settled_pictures(conn, caller().site))
    return answer(AccuraciesShape(items=[AccuracyShape(**vars(one)) for one in found]))


def _who(person: str) -> str:
    """A person as a program names them: never to be taken for one who signed in."""
    return f"{person} (token {caller().name})"
