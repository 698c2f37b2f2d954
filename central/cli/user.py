"""People who sign in to the console."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from central import config as configuration
from central import runtime
from central.cli.options import DEFAULT_CONFIG, WHO, ConfigFile, group, loaded_config
from central.errors import Refused
from central.identity import sessions
from central.identity.passwords import LEAST_SIGNS, Passwords
from central.identity.permissions import Role
from central.store import audit, people
from central.store.autopilot import AUTOPILOT

app = group("People who sign in to the console.")


@app.command("add", epilog="Example: tallyhouse user add mei --role viewer")
def add_user(
    name: Annotated[str, typer.Argument(help="What the person signs in with.")],
    role: Annotated[Role, typer.Option(help="What the person may do.")] = "viewer",
    password_file: Annotated[Path | None, typer.Option(help="Read the password here instead of asking for it.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Let a person sign in with a password."""
    loaded = loaded_config(config)
    if name == AUTOPILOT or name.startswith("token "):
        raise Refused(f"{name!r} is a name under which the house itself acts; choose another name")
    password = _password(password_file)
    with runtime.opened(loaded) as parts, parts.writing() as conn:
        if people.person_named(conn, name):
            raise Refused(f"user {name!r} exists already; choose another name")
        people.add_user(conn, name, role, parts.now(), Passwords().hashed(password))
        audit.record(conn, audit.Deed(who=WHO, action="user.added", thing=f"user/{name}", after=role), parts.now())
    typer.echo(f"{name} may sign in at {loaded.console_url} as {role}")


@app.command("link", epilog="Example: tallyhouse user link admin")
def link_user(name: Annotated[str, typer.Argument(help="Who is let in.")], config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Print an address that lets a person in once, within a day."""
    loaded = loaded_config(config)
    with runtime.opened(loaded) as parts, parts.writing() as conn:
        secret = sessions.sign_in_link(conn, name, parts.now())
    typer.echo(f"{loaded.console_url}/sign-in/link/{secret}")


def _password(file: Path | None) -> str:
    if file is None:
        password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = configuration.secret(file, "--password-file").decode()
    if len(password) < LEAST_SIGNS:
        raise Refused(f"a password needs at least {LEAST_SIGNS} signs, as in {secrets.token_urlsafe(12)!r}")
    return password
