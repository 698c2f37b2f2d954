"""The house's own certificates: make them, look at them, renew the servers' one."""

import json

import typer

from central import runtime
from central.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile, group, loaded_config
from central.fleet import authority, broker
from central.runtime import system_now

app = group("The house's own certificates: make them, look at them, renew the servers' one.")


@app.command("init", epilog="Example: tallyhouse tls init")
def init(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Make the authority and the servers' certificate, if they are missing; then switch on [broker] tls.

    Keep a copy of the folder where nobody else reads it: without the key, every device must be claimed again.
    """
    loaded = loaded_config(config)
    gate = runtime.gate(loaded)
    made = authority.init(gate.authority, loaded.broker.names, system_now())
    broker.reload(gate.broker)
    facts = {"made": made, "authority": str(gate.authority.certificate_file), "fingerprint": gate.authority.fingerprint()}
    told = "made" if made else "all was there already"
    typer.echo(json.dumps(facts) if as_json else f"{gate.authority.path}: {told}\nSHA-256 {facts['fingerprint']}")


@app.command("status", epilog="Example: tallyhouse tls status --json")
def status(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """How long the certificates are good; exit code 1 when the servers' one should be renewed."""
    now = system_now()
    stands = authority.standing(runtime.gate(loaded_config(config)).authority, now)
    facts = {
        "fingerprint": stands.fingerprint,
        "authority_days_left": (stands.authority_ends_at - now).days,
        "server_days_left": (stands.server_ends_at - now).days,
        "server_is_due": stands.server_is_due,
        "names": stands.names,
    }
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        typer.echo(f"authority  {facts['authority_days_left']} days left, SHA-256 {stands.fingerprint}")
        typer.echo(f"servers    {facts['server_days_left']} days left, for {', '.join(stands.names)}")
    if stands.server_is_due:
        typer.echo("the servers' certificate is near its end; run: tallyhouse tls renew", err=True)
        raise typer.Exit(1)


@app.command("renew", epilog="Example: tallyhouse tls renew")
def renew(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Give the broker and the console a new certificate. Devices keep theirs: they renew by themselves."""
    loaded = loaded_config(config)
    gate = runtime.gate(loaded)
    authority.renew_server(gate.authority, loaded.broker.names, system_now())
    told = "a running broker shows it already" if broker.reload(gate.broker) else "no broker runs on this folder"
    typer.echo(f"{gate.authority.server_certificate_file}: renewed; {told}; the console shows it after a restart")
