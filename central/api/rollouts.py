"""Rollouts of models as programs see them: what may be rolled out, how far it has come, what its gates measured."""

from typing import Any, Literal

from flask import Response
from pydantic import BaseModel, Field

from central.api import nouns
from central.api.access import caller, needs
from central.api.answers import Answer, Moment, answer
from central.api.problems import Problem
from central.fleet.rollout import STAGES
from central.parts import parts
from central.store import releases, rollouts
from central.store.rollouts import GateRow, Member, Rollout

blueprint = nouns.blueprint_for("rollouts")


class GateShape(Answer, frozen=True):
    """What a gate measured before or after a stage; figures of `accuracy` have 95 % intervals."""

    stage: str
    gate: Literal["accuracy", "health"]
    passed: bool
    at: Moment
    figures: dict[str, Any]


class ReachedShape(Answer, frozen=True):
    """A device that the rollout reached, and since when it runs the model."""

    device: str
    stage: str
    running_since: Moment | None


class RolloutShape(Answer, frozen=True):
    """`stage` is the one that is measured or soaking; `why` is the code of what ended it, `detail` for people."""

    id: int
    site: str | None
    kind: str
    model: str
    release: str
    phase: str
    stage: str
    canary: str
    soak_s: float
    begun_by: str
    begun_at: Moment
    ended_at: Moment | None
    why: str | None
    detail: str | None
    devices: list[ReachedShape]
    gates: list[GateShape]


class ReleaseShape(Answer, frozen=True):
    """A model that may be rolled out; `sha256` names its archive."""

    sha256: str
    kind: str
    model: str
    version: str
    size_bytes: int
    added_at: Moment


class RolloutsShape(Answer, frozen=True):
    """Newest first, the last twenty, and what may be rolled out."""

    items: list[RolloutShape]
    releases: list[ReleaseShape]


class RolloutPath(BaseModel):
    """A rollout's number."""

    id: int = Field(ge=1, le=2**53)


@blueprint.get("", summary="Rollouts of models, newest first", responses={200: RolloutsShape})
@needs("devices:read")
def every() -> Response:
    """Those that concern the token's site."""
    with parts().reading() as conn:
        mine = [one for one in rollouts.newest(conn) if one.site in {None, caller().site}]
        shapes = [_shape(one, rollouts.members(conn, one.id), rollouts.gates(conn, one.id)) for one in mine]
        known = [
            ReleaseShape(**{name: getattr(one, name) for name in ReleaseShape.model_fields}) for one in releases.every(conn)
        ]
    return answer(RolloutsShape(items=shapes, releases=known))


@blueprint.get("/<id>", summary="One rollout", responses={200: RolloutShape})
@needs("devices:read")
def one(path: RolloutPath) -> Response:
    """With its devices and gates."""
    with parts().reading() as conn:
        found = rollouts.get(conn, path.id)
        if found is None or found.site not in {None, caller().site}:
            raise Problem(404, "not-found", f"There is no rollout {path.id} at site {caller().site}.")
        shape = _shape(found, rollouts.members(conn, found.id), rollouts.gates(conn, found.id))
    return answer(shape)


def _shape(rollout: Rollout, members: list[Member], gates: list[GateRow]) -> RolloutShape:
    return RolloutShape(
        id=rollout.id,
        site=rollout.site,
        kind=rollout.kind,
        model=rollout.model,
        release=rollout.sha256,
        phase=rollout.phase,
        stage=STAGES[rollout.stage],
        canary=rollout.canary,
        soak_s=rollout.soak_s,
        begun_by=rollout.begun_by,
        begun_at=rollout.begun_at,
        ended_at=rollout.ended_at,
        why=rollout.why,
        detail=rollout.detail,
        devices=[
            ReachedShape(device=one.device, stage=STAGES[one.stage], running_since=one.running_since) for one in members
        ],
        gates=[
            GateShape(stage=STAGES[one.stage], gate=one.gate, passed=one.passed, at=one.at, figures=one.figures)
            for one in gates
        ],
    )
