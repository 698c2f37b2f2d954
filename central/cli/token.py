"""Bearer tokens of programs that use the API."""

import json
import secrets
from typing import Annotated

import typer

from central import runtime
from central.cli.options import DEFAULT_CONFIG, WHO, AsJson, ConfigFile, group, loaded_config
from central.fleet import broker, integrators
from central.fleet.broker import BrokerFolder
from central.identity import tokens
from central.store import audit

app = group("Bearer tokens of programs that use the API.")


@app.command("add", epilog="Example: tallyhouse token add erp --scope movements:write --scope stock:read")
def add_token(
    name: Annotated[str, typer.Argument(help="Which program holds it.")],
    scope: Annotated[list[str], typer.Option(help=f"What it may do; repeat as needed: {', '.join(tokens.SCOPES)}.")],
    site: Annotated[str | None, typer.Option(help="The site it is good for; default: the server's.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Make a bearer token and print it, this one time: it is stored hashed. With out:read it opens MQTT too."""
    loaded = loaded_config(config)
    folder = BrokerFolder(loaded.data_dir / "broker")
    with runtime.opened(loaded) as parts, parts.writing() as conn:
        token = tokens.issue(conn, name, site or loaded.site, scope, parts.now(), secrets.token_bytes)
        audit.record(conn, audit.Deed(who=WHO, action="token.added", thing=f"token/{name}", after=scope), parts.now())
        if integrators.SCOPE in scope:
            user = integrators.admit(conn, folder, loaded.broker.user, name, token).user
            typer.echo(f"MQTT: user {user}, the token as password, topics out/{site or loaded.site}/# and meta/#", err=True)
    broker.reload(folder)
    typer.echo(json.dumps({"name": name, "token": token, "scopes": scope}) if as_json else token)
