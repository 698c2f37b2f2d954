"""The server's TOML: write one, check one."""

import typer

from central import config as configuration
from central.cli.options import DEFAULT_CONFIG, ConfigFile, group

app = group("Write or check the server's TOML.")


@app.command("example", epilog="Example: tallyhouse config example > tallyhouse.toml")
def config_example() -> None:
    """Print a commented TOML to begin with."""
    typer.echo(configuration.EXAMPLE, nl=False)


@app.command("check", epilog="Example: tallyhouse config check --config var/tallyhouse.toml")
def config_check(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Read the TOML, the environment and the secrets, and say what is wrong."""
    loaded = configuration.load(config)
    configuration.signing_key(loaded)
    configuration.secret(loaded.secret_key_file, "secret_key_file")
    configuration.secret(loaded.broker.password_file, "broker.password_file")
    typer.echo(f"{config} is good")
