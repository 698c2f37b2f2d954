"""Edge devices: add one on this machine, claim one elsewhere, list them, shut one out."""

import json
import secrets
from pathlib import Path
from typing import Annotated

import segno
import typer

from central import runtime
from central.cli.options import DEFAULT_CONFIG, WHO, AsJson, ConfigFile, group, loaded_config
from central.fleet import broker, claims, enrolment, revocation
from central.fleet.agent_file import Duties
from central.fleet.claims import Made, Wish
from central.store import audit, devices, identities

app = group("Edge devices: add one on this machine, claim one elsewhere, list them, shut one out.")
Name = Annotated[str, typer.Argument(help="1 to 32 of a-z, 0-9 and '-'.")]
Site = Annotated[str | None, typer.Option(help="Where it stands; default: the server's site.")]
Label = Annotated[str | None, typer.Option(help="What people see; default: the name.")]


@app.command("add", epilog="Example: tallyhouse device add cam-07 --out cam-07")
def add_device(
    name: Name,
    site: Site = None,
    label: Label = None,
    out: Annotated[Path | None, typer.Option(help="Folder for agent.toml and its secrets; default: the name.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Make a device on this machine: its key, its sign-in and agent.toml; a running house lets it in at once."""
    loaded = loaded_config(config)
    newcomer = enrolment.Newcomer(name, site or loaded.site, label or name, out or Path(name))
    with runtime.opened(loaded) as parts, parts.writing() as conn:
        gate = parts.require_gate()
        enrolment.refuse_taken(conn, newcomer)
        enrolment.enrol(conn, newcomer, gate, parts.now(), Duties())
        audit.record(conn, audit.Deed(who=WHO, action="device.added", thing=f"device/{name}"), parts.now())
    is_running = broker.reload(gate.broker)
    facts = {"device": name, "site": newcomer.site, "config": str(newcomer.agent_file), "broker_told": is_running}
    hint = f"{name} may speak; start it with: tallyhouse-edge run --config {newcomer.agent_file}"
    typer.echo(json.dumps(facts) if as_json else hint)


@app.command("claim", epilog="Example: tallyhouse device claim cam-07 --label 'Gate camera'")
def claim_device(
    name: Name,
    site: Site = None,
    label: Label = None,
    replace: Annotated[bool, typer.Option("--replace", help="Give a known device that lost its key another.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Print a code, good once within ten minutes, with which a device elsewhere makes itself known."""
    loaded = loaded_config(config)
    with runtime.opened(loaded) as parts, parts.writing() as conn:
        gate = parts.require_gate()
        wish = Wish(name, site or loaded.site, label or name, replace)
        made = claims.make(conn, gate, wish, WHO, parts.now(), secrets.token_bytes)
    server, fingerprint = gate.url, gate.authority.fingerprint()
    if as_json:
        facts = {"device": name, "code": str(made.code), "server": server, "link": made.link, "fingerprint": fingerprint}
        typer.echo(json.dumps(facts | {"expires_at": made.claim.expires_at.isoformat()}))
        return
    _show(made, server)


@app.command("revoke", epilog="Example: tallyhouse device revoke cam-07")
def revoke_device(name: Name, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Shut a device out at once: ingest and broker refuse it, and its open session ends."""
    with runtime.opened(loaded_config(config)) as parts:
        done = revocation.revoke_and_enforce(parts.writing, parts.require_gate(), name, WHO, parts.now())
    facts = {"device": name, "broker_told": done.broker_told, "session_ended": done.session_ended}
    broker_words = "its session is over" if done.session_ended else "no broker runs on this folder, or it did not answer"
    typer.echo(json.dumps(facts) if as_json else f"{name} may no longer speak; {broker_words}")


@app.command("list", epilog="Example: tallyhouse device list --json")
def list_devices(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Every device on record, and how long its certificate is good."""
    with runtime.opened(loaded_config(config)) as parts, parts.reading() as conn:
        known, ends, now = devices.identities(conn), identities.ends(conn), parts.now()
    rows = [
        {
            "device": one.device,
            "site": one.site,
            "label": one.label,
            "added_at": one.added_at.isoformat(),
            "revoked_at": one.revoked_at and one.revoked_at.isoformat(),
            "certificate_days_left": (ends[one.device] - now).days if one.device in ends else None,
        }
        for one in known
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        standing = "revoked" if row["revoked_at"] else f"{row['certificate_days_left']} days"
        standing = "password" if standing == "None days" else standing
        typer.echo(f"{row['device']:<32} {row['site']:<16} {standing:<10} {row['label']}")


def _show(made: Made, server: str) -> None:
    segno.make(made.link, error="m").terminal(compact=True)
    typer.echo(f"code  {made.code}\nlink  {made.link}\n")
    typer.echo(f"On the device, within ten minutes (until {made.claim.expires_at:%H:%M:%S} UTC):")
    typer.echo(f"  tallyhouse-edge enrol --server {server} --code {made.code}")
