"""Backups: make or check one, put one back."""

import json
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from central import runtime
from central.backup.checking import checked
from central.backup.making import Made, back_up
from central.backup.manifest import MANIFEST, chosen
from central.backup.restoring import restore
from central.cli.options import DEFAULT_CONFIG, WHO, AsJson, ConfigFile, loaded_config
from central.errors import BackupError
from central.store import backups
from central.store.backups import BackupRow
from central.up.folder import HouseFolder, held

app = typer.Typer()
Folder = Annotated[Path, typer.Argument(help="Folder that holds backups, or one of them.")]


@app.command("backup", epilog="Example: tallyhouse backup /mnt/backup/house")
def make_backup(
    folder: Folder,
    verify: Annotated[bool, typer.Option("--verify", help="Check the newest backup there instead of making one.")] = False,
    secrets: Annotated[bool, typer.Option(help="With the house's keys, readable by their owner only.")] = True,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Copy the house while it runs: database, evidence that is new, configuration and keys."""
    if verify:
        _verify(folder, as_json)
        return
    loaded = loaded_config(config)
    if (folder / MANIFEST).exists():
        raise BackupError(f"{folder} is itself a backup; name the folder that it lies in")
    with runtime.opened(loaded) as parts:
        started_s, now = monotonic(), parts.now()
        made = back_up(runtime.backup_source(loaded, config), folder, now, with_secrets=secrets)
        took_s = monotonic() - started_s
        with parts.writing() as conn:
            backups.add(conn, BackupRow(now, str(made.folder.path.resolve()), made.written_bytes, took_s))
    _tell(made, took_s, secrets, as_json)


@app.command("restore", epilog="Example: tallyhouse restore /mnt/backup/house --data /srv/house")
def restore_backup(
    folder: Folder,
    data: Annotated[Path, typer.Option(help="Data folder of the house to be; `up --data` runs it.")],
    force: Annotated[bool, typer.Option("--force", help="Even where a house stands: it is set aside, not deleted.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup back under a new epoch: devices then send again what came after it was made."""
    backup = chosen(folder)
    with held(HouseFolder(data)):
        done = restore(backup, data, runtime.system_now(), force=force, who=WHO)
    facts = {"backup": str(backup.path), "data": str(data), "made_at": done.manifest.made_at.isoformat()}
    if as_json:
        typer.echo(json.dumps(facts | {"set_aside": done.set_aside and str(done.set_aside)}))
        return
    typer.echo(
        f"{data} stands as of {done.manifest.made_at:%Y-%m-%d %H:%M:%S} UTC; once it runs, devices send the rest again"
    )
    if done.set_aside:
        typer.echo(f"what stood there is in {done.set_aside}", err=True)
    if not done.manifest.has_secrets:
        typer.echo("the backup held no keys: put secrets/ back from elsewhere, or let every device in anew", err=True)


def _tell(made: Made, took_s: float, secrets: bool, as_json: bool) -> None:
    path, written = str(made.folder.path), made.written_bytes
    if as_json:
        facts = {"backup": path, "bytes": written, "evidence": made.manifest.evidence, "secrets": secrets}
        typer.echo(json.dumps(facts | {"seconds": round(took_s, 3)}))
        return
    typer.echo(f"{path}: {written / 1e6:.1f} MB written in {took_s:.1f} s")
    keys = "It holds the keys of this house: whoever reads it can speak as the centre. Keep it as safe as the house."
    typer.echo(keys if secrets else "It holds no keys: after a restore every device must be let in anew.", err=True)


def _verify(folder: Path, as_json: bool) -> None:
    backup = chosen(folder)
    manifest = checked(backup)
    rows = sum(manifest.counts.values())
    if as_json:
        facts = {"backup": str(backup.path), "made_at": manifest.made_at.isoformat(), "schema": manifest.schema}
        typer.echo(json.dumps(facts | {"rows": rows, "evidence": manifest.evidence, "secrets": manifest.has_secrets}))
        return
    typer.echo(f"{backup.path} is whole: {rows} rows, {manifest.evidence} pieces of evidence, schema {manifest.schema}")
