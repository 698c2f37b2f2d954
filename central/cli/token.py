"""Bearer tokens of programs that use the API."""

import json
import secrets
from datetime import datetime, timedelta
from typing import Annotated

import typer

from central import runtime
from central.cli.options import DEFAULT_CONFIG, WHO, AsJson, ConfigFile, group, loaded_config
from central.errors import Refused
from central.fleet import broker, integrators
from central.fleet.broker import BrokerFolder
from central.identity import tokens
from central.store import audit, people
from central.store.people import Token

app = group("Bearer tokens of programs that use the API.")


@app.command("add", epilog="Example: tallyhouse token add erp --scope movements:write --scope stock:read")
def add_token(
    name: Annotated[str, typer.Argument(help="Which program holds it.")],
    scope: Annotated[list[str], typer.Option(help=f"What it may do; repeat as needed: {', '.join(tokens.SCOPES)}.")],
    site: Annotated[str | None, typer.Option(help="The site it is good for; default: the server's.")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="How long it is good; default: until revoked.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Make a bearer token and print it, this one time: it is stored hashed. With out:read it opens MQTT too."""
    loaded = loaded_config(config)
    folder = BrokerFolder(loaded.data_dir / "broker")
    with runtime.opened(loaded) as parts, parts.writing() as conn:
        ends_at = None if days is None else parts.now() + timedelta(days=days)
        token = tokens.issue(conn, name, site or loaded.site, scope, parts.now(), secrets.token_bytes, ends_at)
        audit.record(conn, audit.Deed(who=WHO, action="token.added", thing=f"token/{name}", after=scope), parts.now())
        if integrators.SCOPE in scope:
            user = integrators.admit(conn, folder, loaded.broker.user, name, token).user
            typer.echo(f"MQTT: user {user}, the token as password, topics out/{site or loaded.site}/# and meta/#", err=True)
        else:
            integrators.dismiss(conn, folder, loaded.broker.user, name)
    broker.reload(folder)
    typer.echo(json.dumps({"name": name, "token": token, "scopes": scope}) if as_json else token)


@app.command("list", epilog="Example: tallyhouse token list --json")
def list_tokens(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Every token: its program, scopes, last use and whether it still opens anything. Its secret is stored nowhere."""
    with runtime.opened(loaded_config(config)) as parts, parts.reading() as conn:
        known, now = people.all_tokens(conn), parts.now()
    rows = [
        {
            "name": one.name,
            "site": one.site,
            "scopes": list(one.scopes),
            "state": _state(one, now),
            "used_at": one.used_at and one.used_at.isoformat(),
            "expires_at": one.expires_at and one.expires_at.isoformat(),
        }
        for one in known
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for one in known:
        used = f"used {one.used_at:%Y-%m-%d %H:%M}" if one.used_at else "never used"
        typer.echo(f"{one.name:<24} {one.site:<12} {_state(one, now):<8} {used:<22} {', '.join(one.scopes)}")


@app.command("revoke", epilog="Example: tallyhouse token revoke erp")
def revoke_token(
    name: Annotated[str, typer.Argument(help="Which program held it.")], config: ConfigFile = DEFAULT_CONFIG
) -> None:
    """Let a program in no longer, at the API and at the broker."""
    loaded = loaded_config(config)
    folder = BrokerFolder(loaded.data_dir / "broker")
    with runtime.opened(loaded) as parts, parts.writing() as conn:
        if not people.revoke_token(conn, name, parts.now()):
            raise Refused(f"there is no valid token of {name!r}; `tallyhouse token list` shows them")
        audit.record(conn, audit.Deed(who=WHO, action="token.revoked", thing=f"token/{name}"), parts.now())
        integrators.dismiss(conn, folder, loaded.broker.user, name)
    broker.reload(folder)
    typer.echo(f"{name} may no longer come in")


def _state(token: Token, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "valid" if token.is_valid(now) else "ended"
