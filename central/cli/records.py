"""The record of who did what."""

import typer

from central import runtime
from central.cli.options import DEFAULT_CONFIG, ConfigFile, group, loaded_config
from central.store import audit

app = group("The record of who did what.")


@app.command("verify", epilog="Example: tallyhouse audit verify")
def verify_audit(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Check that no row of the audit trail was changed or taken out; exit code 1 when one was."""
    with runtime.opened(loaded_config(config)) as parts, parts.reading() as conn:
        broken = audit.first_broken(conn)
    if broken is not None:
        typer.echo(f"row {broken} of the audit trail was changed, or one before it taken out", err=True)
        raise typer.Exit(1)
    typer.echo("the audit trail is whole")
