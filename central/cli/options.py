"""What every command shares: its options, the configuration it reads, and who it acts as."""

from pathlib import Path
from typing import Annotated

import typer

from central import config as configuration
from central.config import CentralConfig
from central.logs import set_up_logs

WHO = "command line"
ConfigFile = Annotated[Path, typer.Option("--config", help="The server's TOML; `tallyhouse up` writes one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
DEFAULT_CONFIG = Path("var/tallyhouse.toml")


def loaded_config(file: Path) -> CentralConfig:
    """The configuration, with the logs set up as it says. Raises ConfigError."""
    loaded = configuration.load(file)
    set_up_logs(loaded.log_level)
    return loaded


def group(help_text: str) -> typer.Typer:
    """A group of commands."""
    return typer.Typer(no_args_is_help=True, help=help_text, rich_markup_mode=None)
