"""Running a whole house or one of its processes, and bringing its database up to date."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from central import house_file, runtime, upkeep_file
from central.cli.options import DEFAULT_CONFIG, WHO, ConfigFile, loaded_config
from central.store import audit, catalogue, schema, upkeep

app = typer.Typer()


@app.command(epilog="Example: tallyhouse up --seconds 60 --report report.json")
def up(
    data: Annotated[Path, typer.Option(help="Folder for everything this house keeps.")] = Path("var"),
    empty: Annotated[bool, typer.Option("--empty", help="An empty house: no demo, no simulator, no agents.")] = False,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop by itself so long after all is ready.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the ledgers of this run here, as JSON.")] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=100, help="Simulated seconds a second.")] = 1.0,
    tls: Annotated[bool, typer.Option("--tls", help="Devices come in by certificate; this house keeps to it.")] = False,
) -> None:
    """Run a whole house on this machine until Ctrl-C: broker, servers, and the demo's simulator and agents."""
    from central.up.folder import HouseFolder  # noqa: PLC0415 (the other commands start faster without)
    from central.up.run import Wishes, run  # noqa: PLC0415

    run(HouseFolder(data), Wishes(empty, seconds, report, speed, tls), _say)


@app.command(epilog="Example: tallyhouse serve --config var/tallyhouse.toml")
def serve(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Run the console and the API."""
    runtime.serve(loaded_config(config))


@app.command(epilog="Example: tallyhouse ingest --config var/tallyhouse.toml")
def ingest(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Run the process that takes in what devices say."""
    runtime.ingest(loaded_config(config))


@app.command(epilog="Example: tallyhouse background --config var/tallyhouse.toml")
def background(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Run the process that decides what is due and announces what was decided."""
    runtime.background(loaded_config(config), config)


@app.command(epilog="Example: tallyhouse migrate --config var/tallyhouse.toml")
def migrate(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Bring the database to the schema of this version, all of it or nothing."""
    with runtime.opened_engine(loaded_config(config)) as engine:
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
    with runtime.opened(loaded_config(config)) as parts, parts.writing() as conn:
        catalogue.put(conn, records)
        audit.record(conn, audit.Deed(who=WHO, action="house.loaded", thing=f"house/{file.name}"), parts.now())
    typer.echo(f"{file}: {len(records)} rows loaded")


@app.command(epilog="Example: tallyhouse load-upkeep upkeep.toml")
def load_upkeep(
    file: Annotated[Path, typer.Argument(help="Machines' needs, crews, windows, parts and production hours as TOML.")],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Load what maintenance works with, in place of what was loaded before: all of it, or a line for each mistake."""
    found = upkeep_file.read(file)
    with runtime.opened(loaded_config(config)) as parts, parts.writing() as conn:
        upkeep.replace_all(conn, found.site, found.records())
        audit.record(conn, audit.Deed(who=WHO, action="upkeep.loaded", thing=f"site/{found.site}"), parts.now())
    typer.echo(f"{file}: {len(found.records())} rows loaded for {found.site}")


def _say(line: str) -> None:
    with suppress(BrokenPipeError):  # nobody reads any more: no reason to leave children behind
        typer.echo(line)
