"""What is asked of a device: `device set` for good, `device command` once, `device show` for how far both have come."""

import json
import time
from typing import Annotated, Any

import msgspec
import typer
from sqlalchemy import Connection

from central import runtime
from central.cli.device import Name
from central.cli.options import DEFAULT_CONFIG, WHO, AsJson, ConfigFile, group, loaded_config
from central.errors import ConfigError
from central.fleet import commands, twin
from central.fleet.commands import ACTIONS, NEED_CONFIRMATION, TTL_S, Wish
from central.parts import Parts
from central.store import commands as orders
from central.store import twins
from central.store.commands import CommandRow

app = group("What is asked of a device.")
LOOK_EVERY_S = 0.3
Task = Annotated[str, typer.Argument(help="SOURCE/KIND, as in cam-1/shelf_count.")]


@app.command("set", epilog="Example: tallyhouse device set eye-01 cam-1/shelf_count frames=7 interval_s=30")
def change_settings(
    name: Name,
    task: Task,
    setting: Annotated[list[str] | None, typer.Argument(help="KEY=VALUE; the value as JSON, or as a word.")] = None,
    own: Annotated[bool, typer.Option("--own", help="As the device's own file has them.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Change settings of a task; the others of that task stay. A running device applies them within seconds."""
    if own == bool(setting):
        raise ConfigError("give settings as KEY=VALUE, or --own to leave the task to the device's own file")
    with runtime.opened(loaded_config(config)) as parts, parts.writing() as conn:
        wanted = None if own else _present(conn, name, task) | dict(_pair(text) for text in setting or ())
        version = twin.change(conn, name, settings={task: wanted}, who=WHO, now=parts.now())
    told = f"{name} is wanted at version {version}; see: tallyhouse device show {name}"
    typer.echo(json.dumps({"device": name, "version": version}) if as_json else told)


@app.command("show", epilog="Example: tallyhouse device show eye-01")
def show(name: Name, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """What a device should do, what it does, and its last commands."""
    with runtime.opened(loaded_config(config)) as parts, parts.reading() as conn:
        wanted, said = twins.get(conn, name), twin.reported(conn, name)
        newest = orders.of_device(conn, name, 10)
    state = twin.state_of(wanted, said)
    if as_json:
        facts = {"desired": wanted, "reported": said, "state": state, "commands": newest}
        typer.echo(msgspec.json.encode(facts).decode())
        return
    typer.echo(f"wanted: version {wanted.version}; reported: version {said.version if said else 'none'} ({state})")
    for task, settings in (said.settings if said else {}).items():
        typer.echo(f"  {task}: {json.dumps(settings, ensure_ascii=False)}")
    for refusal in said.refused if said else ():
        typer.echo(f"  refused {refusal.part}: {refusal.why}")
    for command in newest:
        typer.echo(_line(command))


@app.command("command", epilog="Example: tallyhouse device command eye-01 take_picture --source cam-4 --wait")
def give_command(  # noqa: PLR0917  typer passes by name
    name: Name,
    action: Annotated[str, typer.Argument(help=", ".join(ACTIONS))],
    source: Annotated[
        str | None, typer.Option(help="The camera, machine or actuator; needed where there are several.")
    ] = None,
    argument: Annotated[list[str] | None, typer.Option(help="KEY=VALUE; may be repeated.")] = None,
    confirmed_by: Annotated[str | None, typer.Option(help="The person who stands up for it.")] = None,
    ttl_s: Annotated[float, typer.Option(help="How long it may wait for the device.")] = TTL_S,
    timeout_s: Annotated[float | None, typer.Option(help="How long it may take; usually 30 s, to teach an hour.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until it has ended; exit code 1 unless it was done.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Have a device do something once. What moves machines needs --confirmed-by."""
    if action in NEED_CONFIRMATION and confirmed_by is None:
        raise ConfigError(f"{action} needs a person who stands up for it: --confirmed-by NAME")
    wish = Wish(name, action, source, dict(_pair(text) for text in argument or ()), ttl_s, timeout_s)
    with runtime.opened(loaded_config(config)) as parts:
        with parts.writing() as conn:
            command = commands.issue(conn, wish, WHO, parts.now())
            if confirmed_by is not None and command.state == "unconfirmed":
                command = commands.confirm(conn, command.id, confirmed_by, parts.now())
        if wait:
            command = _ended(parts, command)
    typer.echo(msgspec.json.encode(command).decode() if as_json else _line(command))
    raise typer.Exit(1 if wait and command.state != "done" else 0)


def _present(conn: Connection, name: str, task: str) -> dict[str, Any]:
    """The settings that a task has: as wanted, else as the device said."""
    said, birth = twin.reported(conn, name), twin.announced(conn, name)
    own = {f"{one.source}/{one.kind}": one.settings for one in (birth.tasks if birth else ())}
    known = own | (dict(said.settings) if said else {}) | twins.get(conn, name).settings
    return dict(known.get(task, {}))


def _pair(text: str) -> tuple[str, Any]:
    key, separator, value = text.partition("=")
    if not separator:
        raise ConfigError(f"{text!r} must be KEY=VALUE")
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def _ended(parts: Parts, command: CommandRow) -> CommandRow:
    """Wait until it ends; the running centre ends it when nobody answers, and so do we if no centre runs."""
    while command.is_open and not commands.is_over(command, parts.now()):
        time.sleep(LOOK_EVERY_S)
        with parts.reading() as conn:
            command = commands.of(conn, command.id)
    return command


def _line(command: CommandRow) -> str:
    target = f" {command.source}" if command.source else ""
    more = command.why or (json.dumps(command.result, ensure_ascii=False) if command.result else "")
    return f"{command.id}  {command.action}{target}: {command.state}{f' ({more})' if more else ''}"
