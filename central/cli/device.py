"""Edge devices: add one, list them."""

import json
from pathlib import Path
from typing import Annotated

import typer

from central import config as configuration
from central import runtime
from central.cli.options import DEFAULT_CONFIG, WHO, AsJson, ConfigFile, group, loaded_config
from central.fleet import broker, enrolment
from central.fleet.agent_file import Centre, Duties
from central.fleet.broker import BrokerFolder
from central.store import audit, devices
from protocols.signing import public_text

app = group("Edge devices: add one, list them.")


@app.command("add", epilog="Example: tallyhouse device add cam-07 --out cam-07")
def add_device(
    name: Annotated[str, typer.Argument(help="1 to 32 of a-z, 0-9 and '-'.")],
    site: Annotated[str | None, typer.Option(help="Where it stands; default: the server's site.")] = None,
    label: Annotated[str | None, typer.Option(help="What people see; default: the name.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for agent.toml, key and password; default: the name.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Make a device's key, broker password and agent.toml; a running house lets it in at once."""
    loaded = loaded_config(config)
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


@app.command("list", epilog="Example: tallyhouse device list --json")
def list_devices(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Every device that may speak."""
    with runtime.opened(loaded_config(config)) as parts, parts.reading() as conn:
        known = devices.identities(conn)
    rows = [{"device": d.device, "site": d.site, "label": d.label, "added_at": d.added_at.isoformat()} for d in known]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row['device']:<32} {row['site']:<16} {row['label']}")
