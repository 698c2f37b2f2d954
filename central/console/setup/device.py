"""One device: what it should do and what it does, in forms drawn from what it announced; commands, and how they went."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Connection

from central.console.access import current_person, may
from central.console.fragments import Fragment, Look, Page, Rows, show
from central.console.language import language
from central.console.redraw import answer
from central.console.setup.settings_form import Field, Read, fields, read
from central.errors import CommandRefused, DeviceError, SettingsRefused
from central.fleet import commands, twin
from central.fleet.commands import NEED_CONFIRMATION, Wish
from central.floor.devices import all_devices
from central.parts import parts
from central.store import commands as orders
from central.store import devices, twins
from central.store.commands import CommandRow
from central.translations.catalogue import translator
from protocols.messages.device import TaskAnnouncement

Order = Callable[[Connection, str, datetime], CommandRow]
blueprint = Blueprint("device", __name__)
MOST_COMMANDS = 20
UNREADABLE = 422


@dataclass(frozen=True)
class TaskForm:
    """The settings of one task: as they are wanted, and as a form shows them. `faults`: field → what is wrong with it."""

    name: str
    kind: str
    source: str
    fields: list[Field]
    is_wanted: bool
    faults: Mapping[str, str]

    @property
    def other_faults(self) -> list[str]:
        """What is wrong with no field in particular."""
        known = {field.name for field in self.fields}
        return [what for name, what in self.faults.items() if name not in known]


def _device(look: Look) -> Rows:
    found = {state.device: state for state in all_devices(look.conn, look.site)}
    device = found.get(look.key) or abort(404)
    return {"device": device, "is_silent": device.is_silent(look.now)}


def _twin(look: Look) -> Rows:
    wanted, said = twins.get(look.conn, look.key), twin.reported(look.conn, look.key)
    return {"wanted": wanted, "said": said, "progress": twin.state_of(wanted, said)}


def _commands(look: Look) -> Rows:
    birth = twin.announced(look.conn, look.key)
    able: dict[str, list[str]] = {action: targets or [""] for action, targets in (birth.actions if birth else {}).items()}
    return {"able": able, "risky": NEED_CONFIRMATION, "given": orders.of_device(look.conn, look.key, MOST_COMMANDS)}


PAGE = Page(
    "device",
    "setup/device/page.html",
    (
        Fragment("device", "setup/device/_device.html", frozenset({"device"}), _device),
        Fragment("twin", "setup/device/_twin.html", frozenset({"twin"}), _twin),
        Fragment("commands", "setup/device/_commands.html", frozenset({"command"}), _commands),
    ),
)
PAGES = (PAGE,)


@blueprint.get("/setup/devices/<name>")
def page(name: str) -> ResponseReturnValue:
    """The device of that name; the forms stand outside of what live updates redraw, so that nobody's typing is lost."""
    return show(PAGE, name, forms=_forms(name))


@blueprint.post("/setup/devices/<name>/settings")
@may("device.configure")
def change(name: str) -> ResponseReturnValue:
    """The settings of one task, whole; what does not fit is shown beside its field, with what was typed."""
    task = request.form.get("task", "")
    _refuse_elsewhere(name)
    announcement = _tasks(name).get(task) or abort(404)
    found = read(announcement.settings_schema, _present(name, task), request.form)
    faults = {field: _("cannot be read") for field in found.unreadable} or _changed(name, task, found)
    if not faults:
        return redirect(url_for("device.page", name=name) + "#twin", 303)
    return show(PAGE, name, forms=_forms(name, task, found, faults)), UNREADABLE


@blueprint.post("/setup/devices/<name>/settings/own")
@may("device.configure")
def own(name: str) -> ResponseReturnValue:
    """Leave a task to the device's own file."""
    _refuse_elsewhere(name)
    with parts().writing() as conn:
        task = request.form.get("task", "")
        twin.change(conn, name, settings={task: None}, who=current_person().name, now=parts().now())
    return redirect(url_for("device.page", name=name) + "#twin", 303)


@blueprint.post("/setup/devices/<name>/commands")
@may("device.command")
def give(name: str) -> ResponseReturnValue:
    """Have the device do something once."""
    _refuse_elsewhere(name)
    wish = Wish(name, request.form.get("action", ""), request.form.get("source") or None, _arguments(request.form))
    return _ordered(lambda conn, who, now: commands.issue(conn, wish, who, now))


@blueprint.post("/commands/<command>/confirm")
@may("device.command")
def confirm(command: str) -> ResponseReturnValue:
    """Stand up for a command that moves something."""
    _refuse_elsewhere(_device_of(command))
    return _ordered(lambda conn, who, now: commands.confirm(conn, command, who, now))


@blueprint.post("/commands/<command>/cancel")
@may("device.command")
def cancel(command: str) -> ResponseReturnValue:
    """Take a command back that no device has taken."""
    _refuse_elsewhere(_device_of(command))
    return _ordered(lambda conn, who, now: commands.cancel(conn, command, who, now))


def _arguments(form: Mapping[str, str]) -> dict[str, Any]:
    """What the form of an action says beside its target; the device checks it."""
    if form.get("action") != "teach":
        return {}
    count = form.get("count", "")
    return {
        "count": int(count) if count.isdecimal() else count,
        "lies": form.get("lies", "aligned"),
        "leave_out": form.get("leave_out") == "on",
    }


def _refuse_elsewhere(name: str) -> None:
    """404 for a device that may not speak at the site of this console."""
    with parts().reading() as conn:
        device = devices.get(conn, name)
    if device is None or device.revoked_at is not None or device.site != parts().site:
        abort(404)


def _device_of(command: str) -> str:
    with parts().reading() as conn:
        found = orders.get(conn, command)
    return found.device if found is not None else abort(404)


def _ordered(order: Order) -> ResponseReturnValue:
    problem: str | None = None
    try:
        with parts().writing() as conn:
            order(conn, current_person().name, parts().now())
    except (CommandRefused, DeviceError) as error:
        problem = _("The command was not given: %(why)s", why=error)
    return answer(frozenset({"command"}), problem)


def _changed(name: str, task: str, found: Read) -> Mapping[str, str]:
    """Want these settings; field → what is wrong with it, when they do not fit."""
    try:
        with parts().writing() as conn:
            twin.change(conn, name, settings={task: found.settings}, who=current_person().name, now=parts().now())
    except SettingsRefused as error:
        return _by_field(error)
    except DeviceError:
        abort(404)
    return {}


def _by_field(error: SettingsRefused) -> Mapping[str, str]:
    """Field → all that is wrong in it. A pointer is /source~1kind/field/…; the place within the field is named."""
    told: dict[str, list[str]] = {}
    for fault in error.faults:
        field, _slash, within = fault.pointer.removeprefix("/").partition("/")[2].partition("/")
        what = fault.worded(translator(language()))
        told.setdefault(field, []).append(f"{within}: {what}" if within else what)
    return {field: "; ".join(what) for field, what in told.items()}


def _forms(name: str, task: str = "", found: Read | None = None, faults: Mapping[str, str] | None = None) -> list[TaskForm]:
    """The form of each task; that of `task` as it was filled in, with what is wrong."""
    with parts().reading() as conn:
        wanted = twins.get(conn, name).settings
    forms = []
    for each, announcement in _tasks(name).items():
        is_typed = found is not None and each == task
        values = found.settings if found is not None and is_typed else _present(name, each)
        drawn = fields(announcement.settings_schema, values)
        if is_typed:
            drawn = [replace(field, text=request.form.get(field.name, field.text)) for field in drawn]
        wrong = (faults or {}) if is_typed else {}
        forms.append(TaskForm(each, announcement.kind, announcement.source, drawn, each in wanted, wrong))
    return forms


def _tasks(name: str) -> Mapping[str, TaskAnnouncement]:
    with parts().reading() as conn:
        birth = twin.announced(conn, name)
    return {f"{task.source}/{task.kind}": task for task in (birth.tasks if birth else ())}


def _present(name: str, task: str) -> dict[str, Any]:
    """The settings of a task: as they are wanted, else as the device has them."""
    with parts().reading() as conn:
        said, wanted = twin.reported(conn, name), twins.get(conn, name).settings
    own_file = {each: one.settings for each, one in _tasks(name).items()}
    return dict((own_file | dict(said.settings if said else {}) | wanted).get(task, {}))
