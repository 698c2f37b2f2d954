"""What people say about pictures, as a training set."""

import json
from pathlib import Path
from typing import Annotated

import typer

from central import runtime
from central.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile, group, loaded_config
from central.floor import labels
from central.floor.label_export import export

app = group("What people say about pictures, as a training set.")
Site = Annotated[str | None, typer.Option(help="Of which site; default: the one of the configuration.")]


@app.command("export", epilog="Example: tallyhouse labels export --out labelled")
def export_labels(
    out: Annotated[Path, typer.Option(help="Folder that gets shelf_count/ and defects/; what it wrote before is replaced.")],
    split: Annotated[str | None, typer.Option(help="Put counts into images/SPLIT and labels/SPLIT, for teaching.")] = None,
    site: Site = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Write every picture on whose label people agree, for `tallyhouse-models train`, `evaluate` and `compare`."""
    with runtime.opened(loaded_config(config)) as parts, parts.reading() as conn:
        written = export(conn, labels.settled_pictures(conn, site or parts.site), out, split)
    if as_json:
        typer.echo(json.dumps(written))
        return
    for task, pictures in written.items():
        typer.echo(f"{pictures:>6} pictures in {out / task}")
    if not written:
        typer.echo("no picture has a label yet; Review asks people for them")


@app.command("accuracy", epilog="Example: tallyhouse labels accuracy --json")
def accuracy(site: Site = None, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """How often each model was right in what people agree on, with its 95 % interval."""
    with runtime.opened(loaded_config(config)) as parts, parts.reading() as conn:
        found = labels.accuracy(labels.settled_pictures(conn, site or parts.site))
    if as_json:
        typer.echo(json.dumps([vars(one) for one in found]))
        return
    for one in found:
        typer.echo(
            f"{one.model:<44} {one.kind:<14} {one.share:4.0%} of {one.pictures}   95 % {one.low:.0%} to {one.high:.0%}"
        )
