"""Models: which one runs where, how rollouts go, what their gates measured; admins begin, stop and take back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Connection

from central.console.access import current_person, may
from central.console.fragments import Fragment, Look, Page, Rows, row_number, show
from central.console.redraw import answer
from central.errors import CentralError
from central.fleet import release_orders as orders
from central.fleet.release_orders import DEFAULT_SOAK_S, NOUN, Order
from central.fleet.rollout import STAGES
from central.fleet.standing import Standing, standings
from central.floor.labels import ModelAccuracy, accuracy, settled_pictures
from central.parts import parts
from central.store import releases, rollouts
from central.store.rollouts import GateRow, Rollout

blueprint = Blueprint("models", __name__)
CHANGED = frozenset({NOUN, "twin"})
MOST_ROLLOUTS = 6
Deed = Callable[[Connection, int, str, datetime], Rollout]
DEEDS: Mapping[str, Deed] = MappingProxyType({"stop": orders.stop, "roll-back": orders.roll_back})


@dataclass(frozen=True)
class StageShown:
    """A step of the track. place: behind | here | ahead of where the rollout is; devices that it reached."""

    name: str
    place: str
    devices: int


@dataclass(frozen=True)
class RolloutShown:
    """One rollout as the page draws it."""

    rollout: Rollout
    stages: Sequence[StageShown]
    gates: Sequence[GateRow]
    running: int
    devices: int

    @property
    def state(self) -> str:
        """Its phase; a model that failed before it reached anybody was held back."""
        return "held_back" if self.rollout.phase == "failed" and not self.devices else self.rollout.phase


@dataclass(frozen=True)
class Running:
    """One kind of model on one device: what runs, what is wanted instead, and what keeps it; how often people found it
    right, None before they settled a picture of it."""

    device: Standing
    kind: str
    model: str | None
    state: str
    wanted: str | None
    why: str | None
    accuracy: ModelAccuracy | None


def _rollouts(look: Look) -> Rows:
    mine = [one for one in rollouts.newest(look.conn) if one.site in {None, look.site}][:MOST_ROLLOUTS]
    busy = {one.kind for one in mine if one.is_open}
    judged = _judged(look)
    return {
        "rollouts": [_shown(look.conn, one) for one in mine],
        "releases": [(one, one.kind not in busy, judged.get(one.model)) for one in releases.every(look.conn)],
    }


def _running(look: Look) -> Rows:
    judged, devices = _judged(look), standings(look.conn, look.site).values()
    rows = [_row(one, kind, judged.get(one.model(kind) or "")) for one in devices for kind in sorted(one.kinds)]
    return {"running": [row for row in rows if row.model is not None or row.wanted is not None]}


PAGE = Page(
    "models",
    "setup/models/page.html",
    (
        Fragment("rollouts", "setup/models/_rollouts.html", CHANGED | {"label"}, _rollouts),
        Fragment("running", "setup/models/_running.html", CHANGED | {"device", "label"}, _running),
    ),
)
PAGES = (PAGE,)


@blueprint.get("/setup/models")
def page() -> ResponseReturnValue:
    """Rollouts, releases, and what runs where."""
    return show(PAGE)


@blueprint.post("/setup/models/roll-out")
@may("model.release")
def roll_out() -> ResponseReturnValue:
    """Begin a rollout at the site that is open."""
    running = parts()
    order = Order(request.form.get("release", ""), running.site, None, DEFAULT_SOAK_S)
    return _done(lambda conn: orders.begin(conn, order, current_person().name, running.now()))


@blueprint.post("/setup/models/<number>/<deed>")
@may("model.release")
def change(number: str, deed: str) -> ResponseReturnValue:
    """Stop a rollout, or take it back."""
    if deed not in DEEDS:
        return answer(CHANGED, _("Nothing was changed: there is no such button."))
    return _done(lambda conn: DEEDS[deed](conn, row_number(number), current_person().name, parts().now()))


def _done(act: Callable[[Connection], object]) -> ResponseReturnValue:
    try:
        with parts().writing() as conn:
            act(conn)
    except CentralError as error:
        return answer(CHANGED, _("Nothing was changed: %(why)s", why=error))
    return answer(CHANGED)


def _shown(conn: Connection, rollout: Rollout) -> RolloutShown:
    members = rollouts.members(conn, rollout.id)
    reached = [sum(member.stage == stage for member in members) for stage in range(len(STAGES))]
    stages = [StageShown(name, _place(rollout, stage), reached[stage]) for stage, name in enumerate(STAGES)]
    running = sum(member.running_since is not None for member in members)
    return RolloutShown(rollout, stages, rollouts.gates(conn, rollout.id), running, len(members))


def _place(rollout: Rollout, stage: int) -> str:
    if stage < rollout.stage or rollout.phase == "done":
        return "behind"
    return "here" if stage == rollout.stage else "ahead"


def _judged(look: Look) -> dict[str, ModelAccuracy]:
    """How often people found each model right, as its events name it."""
    return {one.model: one for one in accuracy(settled_pictures(look.conn, look.site))}


def _row(device: Standing, kind: str, judged: ModelAccuracy | None) -> Running:
    said = device.state(kind)
    if said is None:
        return Running(device, kind, device.model(kind), "running", None, None, judged)
    return Running(device, kind, device.model(kind), said.state, said.wanted, said.why, judged)
