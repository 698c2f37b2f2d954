"""What the house decides and by which rules: each capability, its params with their bounds, changed and taken back."""

from typing import Any

from flask import Response, request
from pydantic import BaseModel, Field, ValidationError

from central.api import nouns
from central.api.access import caller, needs
from central.api.answers import Answer, Moment, answer
from central.api.problems import Problem, of_validation
from central.deciding import contest, tuning
from central.deciding.capability import Capability
from central.deciding.tuning import REASON_CHARACTERS, Tuning
from central.errors import Refused
from central.parts import parts
from central.store import params
from central.translations.catalogue import language_of, translator

blueprint = nouns.blueprint_for("capabilities")
blueprint.register_error_handler(Refused, lambda error: Problem(409, "rules-refused", str(error)).answer())
VERSIONS = 50


class CapabilityPath(BaseModel):
    """As in 'supply.inventory'."""

    name: str = Field(max_length=80)


class CapabilityShape(Answer, frozen=True):
    """What it decides, when, and who is in charge. `schedule` is cron text (UTC); `wakes_on`: nouns that wake it."""

    name: str
    title: str
    subject: str
    schedule: str | None
    wakes_on: list[str]
    is_heavy: bool
    is_checked: bool
    acts: str
    in_shadow: str | None
    benchmark: str | None
    baseline: str | None
    params_version: int


class CapabilitiesShape(Answer, frozen=True):
    """By name."""

    items: list[CapabilityShape]


class VersionShape(Answer, frozen=True):
    """A version of the rules: the values that differ from the defaults."""

    version: int
    values: dict[str, Any]
    changed_by: str
    changed_at: Moment
    reason: str | None


class ParamsShape(Answer, frozen=True):
    """The values that hold, the JSON Schema with their bounds, and the last versions, newest first."""

    version: int
    values: dict[str, Any]
    json_schema: dict[str, Any]
    history: list[VersionShape]


class ParamsBody(BaseModel, extra="forbid"):
    """Values to change (null: back to the default), why, and the version that you looked at."""

    values: dict[str, Any]
    reason: str = Field(min_length=1, max_length=REASON_CHARACTERS)
    based_on: int = Field(ge=0)


class RevertBody(BaseModel, extra="forbid"):
    """The version whose values are to hold again; 0 are the defaults."""

    version: int = Field(ge=0)
    reason: str = Field(min_length=1, max_length=REASON_CHARACTERS)


class ChangedShape(Answer, frozen=True):
    """The version that holds now."""

    version: int


def card_named(name: str) -> Capability:
    """The card. Raises Problem 404."""
    found = next((card for card in parts().capabilities if card.name == name), None)
    if found is None:
        raise Problem(404, "not-found", f"There is no capability {name}; GET /capabilities names them.")
    return found


@blueprint.get("", summary="What the house decides", responses={200: CapabilitiesShape})
@needs("decisions:read")
def every() -> Response:
    """Titles in the language of Accept-Language."""
    translate = translator(language_of([tag for tag, _ in request.accept_languages]))
    with parts().reading() as conn:
        shapes = [
            CapabilityShape(
                name=card.name,
                title=translate(card.title),
                subject=translate(card.subject),
                schedule=card.schedule,
                wakes_on=sorted(card.wakes_on),
                is_heavy=card.heavy is not None,
                is_checked=card.check is not None,
                benchmark=card.benchmark,
                baseline=card.baseline,
                params_version=params.current(conn, card.name)[0],
                **vars(contest.seats(conn, card)),
            )
            for card in parts().capabilities
        ]
    return answer(CapabilitiesShape(items=shapes))


@blueprint.get("/<name>/params", summary="The rules of a capability", responses={200: ParamsShape})
@needs("decisions:read")
def rules(path: CapabilityPath) -> Response:
    """Each with its bounds, in its unit."""
    card = card_named(path.name)
    with parts().reading() as conn:
        version, values = params.current(conn, card.name)
        history = params.history(conn, card.name, VERSIONS)
    names = VersionShape.model_fields
    return answer(
        ParamsShape(
            version=version,
            values=card.params.model_validate(values).model_dump(mode="json"),
            json_schema=card.params.model_json_schema(),
            history=[VersionShape(**{name: getattr(each, name) for name in names}) for each in history],
        )
    )


@blueprint.put("/<name>/params", summary="Change the rules of a capability", responses={200: ChangedShape})
@needs("params:write")
def tune(path: CapabilityPath, body: ParamsBody) -> Response:
    """A new version, by which everything is decided again. 409 when they changed meanwhile or nothing would change."""
    card = card_named(path.name)
    said = Tuning(values=body.values, reason=body.reason, based_on=body.based_on)
    try:
        with parts().writing() as conn:
            version = tuning.tune(conn, card, said, f"token {caller().name}", parts().now())
    except ValidationError as error:
        raise of_validation(error, "/values") from error
    return answer(ChangedShape(version=version))


@blueprint.post("/<name>/params/revert", summary="Take rules back", responses={200: ChangedShape})
@needs("params:write")
def revert(path: CapabilityPath, body: RevertBody) -> Response:
    """A new version with the values of an old one."""
    card = card_named(path.name)
    try:
        with parts().writing() as conn:
            version = tuning.revert(conn, card, body.version, body.reason, f"token {caller().name}", parts().now())
    except ValidationError as error:
        raise of_validation(error, "/version") from error
    return answer(ChangedShape(version=version))
