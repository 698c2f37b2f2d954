"""Model releases: add one, roll it out stage by stage, look, stop, take it back."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from central import runtime
from central.cli.options import DEFAULT_CONFIG, WHO, AsJson, ConfigFile, group, loaded_config
from central.fleet import release_orders as orders
from central.fleet.rollout import STAGES
from central.store import releases, rollouts
from central.store.rollouts import GateRow, Rollout

app = group("Model releases: add one, roll it out stage by stage, stop, take it back.")
Number = Annotated[int, typer.Argument(min=1, max=2**53, help="Which rollout, as `release status` shows it.")]


@app.command("add", epilog="Example: tallyhouse release add shelf-1.4.2")
def add(
    folder: Annotated[Path, typer.Argument(help="A signed bundle: manifest.json, its signature and the files it names.")],
    kind: Annotated[str | None, typer.Option(help="Kind of task that runs it; default: by the model's name.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Check a bundle's signature and hashes and keep it as an archive that devices can fetch."""
    with runtime.opened(loaded_config(config)) as parts, parts.writing() as conn:
        release = orders.add(conn, parts.require_archives(), folder, kind, WHO, parts.now())
    told = (
        f"{release.model} for {release.kind}; roll it out with: tallyhouse release roll-out {release.name}-{release.version}"
    )
    typer.echo(json.dumps(_plain(asdict(release))) if as_json else told)


@app.command("list", epilog="Example: tallyhouse release list --json")
def list_releases(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Every release, newest first."""
    with runtime.opened(loaded_config(config)) as parts, parts.reading() as conn:
        known = releases.every(conn)
    if as_json:
        typer.echo(json.dumps([_plain(asdict(release)) for release in known]))
        return
    for one in known:
        typer.echo(f"{one.kind:<14} {one.model:<44} {one.size_bytes / 1e6:6.1f} MB  {one.added_at:%Y-%m-%d}")


@app.command("roll-out", epilog="Example: tallyhouse release roll-out shelf-1.4.2 --canary eye-01")
def roll_out(
    model: Annotated[str, typer.Argument(help="NAME-VERSION, the model's id, or the archive's hash.")],
    site: Annotated[str | None, typer.Option(help="Only at this site; default: at all.")] = None,
    canary: Annotated[str | None, typer.Option(help="The device that goes first; default: one that is connected.")] = None,
    soak_s: Annotated[float, typer.Option(min=1, help="How long each stage must run well.")] = orders.DEFAULT_SOAK_S,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Begin a rollout: canary, 5 %, 25 %, all; each stage gated by accuracy on your labelled frames and by health."""
    with runtime.opened(loaded_config(config)) as parts, parts.writing() as conn:
        begun = orders.begin(conn, orders.Order(model, site, canary, soak_s), WHO, parts.now())
    told = f"rollout {begun.id} of {begun.model} begins with {begun.canary}; see: tallyhouse release status {begun.id}"
    typer.echo(json.dumps(_plain(asdict(begun))) if as_json else told)


@app.command("status", epilog="Example: tallyhouse release status 3 --json")
def status(
    number: Annotated[int | None, typer.Argument(min=1, max=2**53, help="Which rollout; default: the last ones.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """How far rollouts have come, and what their gates measured."""
    with runtime.opened(loaded_config(config)) as parts, parts.reading() as conn:
        shown = rollouts.newest(conn) if number is None else [orders.found(conn, number)]
        rows = [(one, rollouts.gates(conn, one.id), len(rollouts.members(conn, one.id))) for one in shown]
    if as_json:
        typer.echo(json.dumps([_told(*row) for row in rows]))
        return
    for rollout, gates, devices in rows:
        typer.echo(f"{rollout.id:>4} {rollout.model}  {rollout.phase} at stage {STAGES[rollout.stage]}, devices: {devices}")
        if rollout.why:
            typer.echo(f"       {rollout.why}: {rollout.detail}")
        for gate in gates if number is not None else ():
            typer.echo(
                f"       {STAGES[gate.stage]:<7}{gate.gate:<9} {'passed' if gate.passed else 'failed'}  {_figures(gate)}"
            )


@app.command("stop", epilog="Example: tallyhouse release stop 3")
def stop(number: Number, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Let no further device have the model; those that have it keep it."""
    with runtime.opened(loaded_config(config)) as parts, parts.writing() as conn:
        orders.stop(conn, number, WHO, parts.now())
    typer.echo(f"rollout {number} is stopped; take it back with: tallyhouse release roll-back {number}")


@app.command("roll-back", epilog="Example: tallyhouse release roll-back 3")
def roll_back(number: Number, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Give every device of a rollout back what it ran before."""
    with runtime.opened(loaded_config(config)) as parts, parts.writing() as conn:
        orders.roll_back(conn, number, WHO, parts.now())
    typer.echo(f"rollout {number} is taken back; devices follow as soon as they are connected")


def _told(rollout: Rollout, gates: list[GateRow], devices: int) -> dict[str, object]:
    named = _plain(asdict(rollout)) | {"stage": STAGES[rollout.stage], "devices": devices}
    return named | {"gates": [_plain(asdict(gate)) | {"stage": STAGES[gate.stage]} for gate in gates]}


def _figures(gate: GateRow) -> str:
    """The numbers of a gate on one line."""
    if gate.gate == "health":
        return f"devices: {len(gate.figures['devices'])} {gate.figures.get('detail', '')}".rstrip()
    words = [
        f"{one['measure']} {one['old']:.3f} → {one['new']:.3f} ({one['low']:+.3f} to {one['high']:+.3f}, n {one['n']})"
        for one in gate.figures["differences"]
    ]
    return ", ".join(words) or str(gate.figures.get("detail"))


def _plain(row: dict[str, object]) -> dict[str, object]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
