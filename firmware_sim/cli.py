"""`tallyhouse-sim`: run the fake hardware of a site, list scenes, take one picture, write labelled frames."""

import asyncio
import signal
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import cv2
import msgspec
import structlog
import typer

from firmware_sim.clock import system_clock
from firmware_sim.devices.camera_eye import CameraEye
from firmware_sim.devices.site import Addresses, Doors, run_site
from firmware_sim.devices.till_api import Api
from firmware_sim.devices.whole_file import write_whole
from firmware_sim.errors import BadOption, CameraUnknown, SimulatorError
from firmware_sim.logs import configure
from firmware_sim.render.labelled_frames import write_part_frames, write_shelf_frames
from firmware_sim.scene_file import load, shipped_scenes, with_faults
from firmware_sim.world.warehouse import Warehouse

app = typer.Typer(
    help="The fake hardware of a warehouse: cameras, machines and a till.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
log = structlog.get_logger()

SceneOption = Annotated[str, typer.Option(help="A shipped scene by name, or a .toml file.")]
SeedOption = Annotated[int | None, typer.Option(min=0, help="Another world of the same scene; default: the scene's.")]


class Labelled(Enum):
    """What frames can be labelled for."""

    shelf_count = "shelf_count"
    defects = "defects"


@app.command()
def up(
    *,
    scene: SceneOption = "small_warehouse",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    modbus_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="0: any free port; default: the scene's.")
    ] = None,
    camera_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="0: any free port; default: the scene's.")
    ] = None,
    api_url: Annotated[str | None, typer.Option(help="The centre the till books at; without it there is no till.")] = None,
    api_token_file: Annotated[Path | None, typer.Option(help="File with the till's bearer token.")] = None,
    speed: Annotated[float, typer.Option(help="Simulated seconds a real second.")] = 1.0,
    seed: SeedOption = None,
    seconds: Annotated[float | None, typer.Option(min=0.0, help="Stop by itself after so many real seconds.")] = None,
    faults: Annotated[
        Path | None, typer.Option(help="Another schedule of faults: a .toml file with the keys of [faults].")
    ] = None,
    truth: Annotated[Path | None, typer.Option(help="Append what really happened to this file, as JSON lines.")] = None,
    state: Annotated[
        Path | None, typer.Option(help="Keep the shelves' stock in this file, and start with what it holds.")
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Write the addresses here, as JSON, once all doors are open.")
    ] = None,
) -> None:
    """Run a site until Ctrl-C, SIGTERM or --seconds."""
    plan = load(scene) if faults is None else with_faults(load(scene), faults)
    doors = Doors(
        host=host,
        modbus_port=plan.ports.modbus if modbus_port is None else modbus_port,
        camera_port=plan.ports.cameras if camera_port is None else camera_port,
        api=_api(api_url, api_token_file),
        truth=truth,
        state=state,
    )
    warehouse = Warehouse(plan, plan.seed if seed is None else seed)
    asyncio.run(_run(warehouse, doors, speed, seconds, ready_file))


@app.command()
def scenes() -> None:
    """List the scenes that come with the simulator."""
    for name in shipped_scenes():
        plan = load(name)
        typer.echo(f"{name}: {len(plan.shelves)} shelves, {len(plan.cameras)} cameras, {len(plan.machines)} machines")


@app.command()
def snapshot(
    out: Annotated[Path, typer.Argument(help="The picture to write; its ending says the format (.jpg, .png).")],
    camera: Annotated[str, typer.Option(help="Which camera.")],
    scene: SceneOption = "small_warehouse",
    at: Annotated[float, typer.Option(min=0.0, help="Simulated seconds after the start.")] = 0.0,
    seed: SeedOption = None,
) -> None:
    """Write what one camera sees at one moment."""
    plan = load(scene)
    if (found := plan.camera(camera)) is None:
        raise CameraUnknown(f"no camera {camera!r} in {scene}; it has {', '.join(c.id for c in plan.cameras)}")
    warehouse = Warehouse(plan, plan.seed if seed is None else seed)
    warehouse.advance(at)
    picture = CameraEye(warehouse, found).picture(at)
    if not cv2.haveImageWriter(str(out)) or not cv2.imwrite(str(out), picture):
        raise BadOption(f"{out} cannot be written; name a .jpg or .png in a folder that exists")


@app.command()
def frames(
    kind: Annotated[Labelled, typer.Argument(help="What is on them: shelf_count or defects.")],
    out: Annotated[Path, typer.Option(help="Folder to write into, as `tallyhouse-models evaluate` reads it.")],
    scene: SceneOption = "small_warehouse",
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many pictures.")] = 40,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other pictures.")] = 5_000_000,
) -> None:
    """Write frames of a scene with their labels, by which models are measured until people label real ones."""
    plan = load(scene)
    fresh = out if out.exists() else out.with_name(f".{out.name}.new")  # a folder that is there is whole
    try:
        if kind is Labelled.shelf_count:
            written = write_shelf_frames(plan, fresh, count, seed)
        else:
            written = write_part_frames(fresh, count, seed)
        fresh.rename(out)
    except OSError as error:
        raise BadOption(f"--out {out} cannot be written ({error.strerror}); name a folder of yours") from error
    typer.echo(f"{out}: {written} labelled frames")


def main() -> None:
    """Entry point: errors of ours become one line and exit code 2."""
    configure()
    try:
        app()
    except SimulatorError as error:
        typer.echo(f"tallyhouse-sim: {error}", err=True)
        sys.exit(2)


async def _run(warehouse: Warehouse, doors: Doors, speed: float, seconds: float | None, ready_file: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    await run_site(warehouse, system_clock(speed), doors, stop, lambda found: _announce(found, ready_file))


def _announce(found: Addresses, ready_file: Path | None) -> None:
    line = msgspec.json.encode(found).decode()
    typer.echo(line)
    if ready_file is None:
        return
    try:
        write_whole(ready_file, f"{line}\n".encode())
    except OSError as error:
        raise BadOption(f"--ready-file {ready_file} cannot be written ({error.strerror}); name a folder of yours") from error


def _api(url: str | None, token_file: Path | None) -> Api | None:
    if url is None:
        return None
    if token_file is None:
        raise BadOption("--api-url needs --api-token-file, the file with the till's bearer token")
    try:
        token = token_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadOption(f"--api-token-file {token_file} cannot be read ({error}); `tallyhouse up` writes it") from error
    return Api(url, token)
