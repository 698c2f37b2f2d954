"""tallyhouse: run the centre or one of its processes, load a house, add devices, people and tokens."""

import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Literal

import typer
from sqlalchemy.exc import DatabaseError

from central import config as configuration
from central import house_file, runtime
from central.config import CentralConfig
from central.errors import CentralError, Refused
from central.fleet import broker, enrolment, integrators
from central.fleet.agent_file import Centre, Duties
from central.fleet.broker import BrokerFolder
from central.identity import sessions, tokens
from central.identity.passwords import LEAST_SIGNS, Passwords
from central.logs import set_up_logs
from central.store import audit, catalogue, devices, people, schema
from protocols.signing import public_text

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help=__doc__, rich_markup_mode=None, pretty_exceptions_enable=False
)
device_app = typer.Typer(no_args_is_help=True, help="Edge devices: add one, list them.", rich_markup_mode=None)
user_app = typer.Typer(no_args_is_help=True, help="People who sign in to the console.", rich_markup_mode=None)
token_app = typer.Typer(no_args_is_help=True, help="Bearer tokens of programs that use the API.", rich_markup_mode=None)
audit_app = typer.Typer(no_args_is_help=True, help="The record of who did what.", rich_markup_mode=None)
config_app = typer.Typer(no_args_is_help=True, help="Write or check the server's TOML.", rich_markup_mode=None)
for _name, _group in {
    "device": device_app, "user": user_app, "token": token_app, "audit": audit_app, "config": config_app,
}.items():  # fmt: skip
    app.add_typer(_group, name=_name)

WHO = "command line"
ConfigFile = Annotated[Path, typer.Option("--config", help="The server's TOML; `tallyhouse up` writes one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
DEFAULT_CONFIG = Path("var/tallyhouse.toml")


@app.command(epilog="Example: tallyhouse up --seconds 60 --report report.json")
def up(
    data: Annotated[Path, typer.Option(help="Folder for everything this house keeps.")] = Path("var"),
    empty: Annotated[bool, typer.Option("--empty", help="An empty house: no demo, no simulator, no agents.")] = False,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop by itself so long after all is ready.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the ledgers of this run here, as JSON.")] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=100, help="Simulated seconds a second.")] = 1.0,
) -> None:
    """Run a whole house on this machine until Ctrl-C: broker, servers, and the demo's simulator and agents."""
    from central.up.folder import HouseFolder  # noqa: PLC0415 (the other commands start faster without)
    from central.up.run import Wishes, run  # noqa: PLC0415

    run(HouseFolder(data), Wishes(empty, seconds, report, speed), _say)


@app.command(epilog="Example: tallyhouse serve --config var/tallyhouse.toml")
def serve(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Run the console and the API."""
    runtime.serve(_loaded(config))


@app.command(epilog="Example: tallyhouse ingest --config var/tallyhouse.toml")
def ingest(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Run the process that takes in what devices say."""
    runtime.ingest(_loaded(config))


@app.command(epilog="Example: tallyhouse background --config var/tallyhouse.toml")
def background(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Run the process that decides what is due and announces what was decided."""
    runtime.background(_loaded(config))


@app.command(epilog="Example: tallyhouse migrate --config var/tallyhouse.toml")
def migrate(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Bring the database to the schema of this version, all of it or nothing."""
    with runtime.opened_engine(_loaded(config)) as engine:
        before = schema.revision(engine)
        schema.upgrade(engine)
        typer.echo(f"schema {before or 'none'} -> {schema.revision(engine)}")


@app.command(epilog="Example: tallyhouse load house.toml")
def load(
    file: Annotated[Path, typer.Argument(help="Sites, suppliers, items, cameras, shelves and machines as TOML.")],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Load a house of one's own: all of it, or nothing and a line for each mistake."""
    records = house_file.read(file).records()
    with runtime.opened(_loaded(config)) as parts, parts.writing() as conn:
        catalogue.put(conn, records)
        audit.record(conn, audit.Deed(who=WHO, action="house.loaded", thing=f"house/{file.name}"), parts.now())
    typer.echo(f"{file}: {len(records)} rows loaded")


@device_app.command("add", epilog="Example: tallyhouse device add cam-07 --out cam-07")
def add_device(
    name: Annotated[str, typer.Argument(help="1 to 32 of a-z, 0-9 and '-'.")],
    site: Annotated[str | None, typer.Option(help="Where it stands; default: the server's site.")] = None,
    label: Annotated[str | None, typer.Option(help="What people see; default: the name.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for agent.toml, key and password; default: the name.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Make a device's key, broker password and agent.toml; a running house lets it in at once."""
    loaded = _loaded(config)
    newcomer = enrolment.Newcomer(name, site or loaded.site, label or name, out or Path(name))
    folder = BrokerFolder(loaded.data_dir / "broker")
    centre = Centre(loaded.broker.host, loaded.broker.port, public_text(configuration.signing_key(loaded)))
    with runtime.opened(loaded) as parts, parts.writing() as conn:
        enrolment.refuse_taken(conn, newcomer)
        enrolment.enrol(conn, newcomer, folder, centre, parts.now(), Duties())
        audit.record(conn, audit.Deed(who=WHO, action="device.added", thing=f"device/{name}"), parts.now())
    is_running = broker.reload(folder)
    facts = {"device": name, "site": newcomer.site, "config": str(newcomer.agent_file), "broker_told": is_running}
    hint = f"{name} may speak; start it with: tallyhouse-edge run --config {newcomer.agent_file}"
    typer.echo(json.dumps(facts) if as_json else hint)


@device_app.command("list", epilog="Example: tallyhouse device list --json")
def list_devices(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Every device that may speak."""
    with runtime.opened(_loaded(config)) as parts, parts.reading() as conn:
        known = devices.identities(conn)
    rows = [{"device": d.device, "site": d.site, "label": d.label, "added_at": d.added_at.isoformat()} for d in known]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row['device']:<32} {row['site']:<16} {row['label']}")


@user_app.command("add", epilog="Example: tallyhouse user add mei --role viewer")
def add_user(
    name: Annotated[str, typer.Argument(help="What the person signs in with.")],
    role: Annotated[Literal["viewer", "admin"], typer.Option(help="What the person may do.")] = "viewer",
    password_file: Annotated[Path | None, typer.Option(help="Read the password here instead of asking for it.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Let a person sign in with a password."""
    loaded = _loaded(config)
    password = _password(password_file)
    with runtime.opened(loaded) as parts, parts.writing() as conn:
        if people.person_named(conn, name):
            raise Refused(f"user {name!r} exists already; choose another name")
        people.add_user(conn, name, role, parts.now(), Passwords().hashed(password))
        audit.record(conn, audit.Deed(who=WHO, action="user.added", thing=f"user/{name}", after=role), parts.now())
    typer.echo(f"{name} may sign in at {loaded.console_url} as {role}")


@user_app.command("link", epilog="Example: tallyhouse user link admin")
def link_user(name: Annotated[str, typer.Argument(help="Who is let in.")], config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Print an address that lets a person in once, within a day."""
    loaded = _loaded(config)
    with runtime.opened(loaded) as parts, parts.writing() as conn:
        secret = sessions.sign_in_link(conn, name, parts.now())
    typer.echo(f"{loaded.console_url}/sign-in/link/{secret}")


@token_app.command("add", epilog="Example: tallyhouse token add erp --scope movements:write --scope stock:read")
def add_token(
    name: Annotated[str, typer.Argument(help="Which program holds it.")],
    scope: Annotated[list[str], typer.Option(help=f"What it may do; repeat as needed: {', '.join(tokens.SCOPES)}.")],
    site: Annotated[str | None, typer.Option(help="The site it is good for; default: the server's.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Make a bearer token and print it, this one time: it is stored hashed. With out:read it opens MQTT too."""
    loaded = _loaded(config)
    folder = BrokerFolder(loaded.data_dir / "broker")
    with runtime.opened(loaded) as parts, parts.writing() as conn:
        token = tokens.issue(conn, name, site or loaded.site, scope, parts.now(), secrets.token_bytes)
        audit.record(conn, audit.Deed(who=WHO, action="token.added", thing=f"token/{name}", after=scope), parts.now())
        if integrators.SCOPE in scope:
            user = integrators.admit(conn, folder, loaded.broker.user, name, token).user
            typer.echo(f"MQTT: user {user}, the token as password, topics out/{site or loaded.site}/# and meta/#", err=True)
    broker.reload(folder)
    typer.echo(json.dumps({"name": name, "token": token, "scopes": scope}) if as_json else token)


@audit_app.command("verify", epilog="Example: tallyhouse audit verify")
def verify_audit(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Check that no row of the audit trail was changed or taken out; exit code 1 when one was."""
    with runtime.opened(_loaded(config)) as parts, parts.reading() as conn:
        broken = audit.first_broken(conn)
    if broken is not None:
        typer.echo(f"row {broken} of the audit trail was changed, or one before it taken out", err=True)
        raise typer.Exit(1)
    typer.echo("the audit trail is whole")


@config_app.command("example", epilog="Example: tallyhouse config example > tallyhouse.toml")
def config_example() -> None:
    """Print a commented TOML to begin with."""
    typer.echo(configuration.EXAMPLE, nl=False)


@config_app.command("check", epilog="Example: tallyhouse config check --config var/tallyhouse.toml")
def config_check(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Read the TOML, the environment and the secrets, and say what is wrong."""
    loaded = configuration.load(config)
    configuration.signing_key(loaded)
    configuration.secret(loaded.secret_key_file, "secret_key_file")
    configuration.secret(loaded.broker.password_file, "broker.password_file")
    typer.echo(f"{config} is good")


def main() -> None:
    """Entry point: what went wrong is a line on stderr and exit code 1."""
    with _worded_errors():
        app()


@contextmanager
def _worded_errors() -> Iterator[None]:
    try:
        yield
    except CentralError as error:
        told = str(error)
    except OSError as error:
        told = f"{error.filename or 'the system'}: {error.strerror or error}; check the path, its rights and the disk"
    except DatabaseError as error:
        told = f"database: {error.orig}; is the file a house, the disk not full, and no other program holding it?"
    else:
        return
    typer.echo(f"tallyhouse: {told}", err=True)
    sys.exit(1)


def _say(line: str) -> None:
    with suppress(BrokenPipeError):  # nobody reads any more: no reason to leave children behind
        typer.echo(line)


def _loaded(file: Path) -> CentralConfig:
    loaded = configuration.load(file)
    set_up_logs(loaded.log_level)
    return loaded


def _password(file: Path | None) -> str:
    if file is None:
        password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = configuration.secret(file, "--password-file").decode()
    if len(password) < LEAST_SIGNS:
        raise Refused(f"a password needs at least {LEAST_SIGNS} signs, as in {secrets.token_urlsafe(12)!r}")
    return password
