"""tallyhouse-edge: run an agent, replay a recording, look into the outbox, find out what is wrong."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event as Flag
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import json

from edge_agent import config as configuration
from edge_agent.errors import ConfigError, EdgeError
from edge_agent.logs import RecentLogs, set_up_logs
from edge_agent.memory import give_back_memory, leave_out_pandas

if TYPE_CHECKING:
    from edge_agent.replaying import ReplayRequest

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, rich_markup_mode=None)
config_app = typer.Typer(no_args_is_help=True, help="Write or check the device's TOML.", rich_markup_mode=None)
app.add_typer(config_app, name="config")

ConfigFile = Annotated[Path, typer.Option("--config", help="The device's TOML, as `tallyhouse device add` wrote it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command(
    epilog="Example: tallyhouse-edge run --config ear-01.toml\n\n"
    "Example: tallyhouse-edge run --config ear-02.toml --replay pump.csv --task equipment_anomaly\n\n"
    "Exit codes: 0 stopped as asked, or all delivered; 1 a part failed, or something still waits; 2 it could not start."
)
def run(  # noqa: PLR0917  typer passes by name
    config: ConfigFile,
    replay: Annotated[Path | None, typer.Option(help="Folder of pictures, video or CSV to play instead.")] = None,
    task: Annotated[str | None, typer.Option(help="Its task: shelf_count, defects, equipment_anomaly.")] = None,
    speed: Annotated[float, typer.Option(min=0, help="Recorded seconds per second; 0: as fast as possible.")] = 0,
    interval_s: Annotated[float, typer.Option(min=0.001, help="Seconds between pictures, or rows without time.")] = 1.0,
    setting: Annotated[list[str] | None, typer.Option(help="A setting of the task, KEY=VALUE; may be repeated.")] = None,
    exclude: Annotated[str, typer.Option(help="CSV columns to leave out, separated by commas.")] = "",
    asset: Annotated[str | None, typer.Option(help="The machine in a CSV; default: the file's name.")] = None,
) -> None:
    """Run the agent until it is stopped, or --replay one recording.

    A replay ends when the centre has everything that was concluded from it.
    """
    configuration.quieten_video()
    stop = _stopped_by_signals()
    with _worded():
        if (replay is None) != (task is None):
            raise ConfigError("--replay and --task go together; tasks: shelf_count, defects, equipment_anomaly")
        loaded = configuration.load(config)
        recent = set_up_logs(level=loaded.log_level)
        give_back_memory()
        if replay is None or task is None:
            is_well = _observed(loaded, config, stop, recent)
        else:
            from edge_agent.replaying import ReplayRequest  # noqa: PLC0415  a live agent needs no replay

            left_out = tuple(name.strip() for name in exclude.split(",") if name.strip())
            request = ReplayRequest(replay, task, interval_s, tuple(setting or ()), left_out, asset)
            is_well = _replayed(loaded, request, speed, stop)
    raise typer.Exit(0 if is_well else 1)


@app.command(epilog="Example: tallyhouse-edge doctor --config ear-01.toml")
def doctor(config: ConfigFile, as_json: AsJson = False) -> None:
    """Look at everything that an agent needs.

    Exit code 1 when something is wrong, 2 when the file cannot be read.
    """
    configuration.quieten_video()
    from edge_agent.clock import DeviceClock, boot_id  # noqa: PLC0415
    from edge_agent.doctor.examine import examined  # noqa: PLC0415

    with _worded():
        set_up_logs(level="error")
        checks = []
        for check in examined(configuration.load(config), DeviceClock(boot_id())):
            checks.append(check)
            if not as_json:
                typer.echo(f"{'ok   ' if check.ok else 'WRONG'} {check.name}: {check.text}")
                if check.remedy:
                    typer.echo(f"      → {check.remedy}")
        if as_json:
            typer.echo(json.format(json.encode(checks)).decode())
        raise typer.Exit(0 if all(check.ok for check in checks) else 1)


@app.command("self-test", epilog="Example: tallyhouse-edge self-test --config eye-01.toml")
def self_test(
    config: ConfigFile,
    rounds: Annotated[int, typer.Option(min=3, max=1000, help="Pictures that each way of running is timed on.")] = 15,
    as_json: AsJson = False,
) -> None:
    """Time the networks of this device's tasks in every form and on one to four threads; the agent then runs the fastest.

    A form that does not give the model's golden answer is left out. Run it once after the installation, with nothing else
    at work; a running agent takes the choice at its next start.
    """
    from edge_agent.machine import cores  # noqa: PLC0415
    from edge_agent.self_test import choices, report  # noqa: PLC0415  ONNX Runtime only where it is timed
    from edge_agent.workshop import model_folders  # noqa: PLC0415

    with _worded():
        set_up_logs(level="error")
        loaded = configuration.load(config)
        with configuration.told_by(config):
            models = model_folders(loaded)
        tested = [report.tested(model, cores(), rounds) for model in models]
        choices.keep(loaded.data_dir, [one.chosen for one in tested])
    if as_json:
        typer.echo(json.format(json.encode([one.chosen for one in tested])).decode())
        return
    for one in tested:
        typer.echo("\n".join(one.lines))
    if not tested:
        typer.echo("no task of this device runs a network: nothing to time")


@app.command(
    epilog="Example: tallyhouse-edge teach --config eye-01.toml --source cam-1 --pictures good/\n\n"
    "Example: tallyhouse-edge teach --config eye-01.toml --source cam-1 --count 30"
)
def teach(  # noqa: PLR0917  typer passes by name
    config: ConfigFile,
    source: Annotated[str, typer.Option(help="The camera that learns its part.")],
    pictures: Annotated[Path | None, typer.Option(help="Folder of 20 to 50 pictures of good parts.")] = None,
    count: Annotated[int | None, typer.Option(min=20, max=50, help="Learn from the next parts that it sees.")] = None,
    lies: Annotated[str, typer.Option(help="aligned, placed (at one place of the region) or anyhow.")] = "aligned",
    leave_out: Annotated[bool, typer.Option("--leave-out", help="Teach without parts unlike the others.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Go back to the model's own statistics.")] = False,
    as_json: AsJson = False,
) -> None:
    """Teach a camera its part from good ones. A running agent takes it when told to `reload_model`, or restarted."""
    from edge_agent.teaching import forgotten, taught_here, wanted  # noqa: PLC0415  ONNX Runtime only where it is run

    configuration.quieten_video()
    with _worded():
        set_up_logs(level="error")
        loaded = configuration.load(config)
        with configuration.told_by(config):
            if forget:
                was_taught = forgotten(loaded, source)
                typer.echo(f"{source} judges by the model's own statistics" if was_taught else f"{source} was not taught")
                return
            lesson = taught_here(
                loaded, wanted(source, pictures, count, lies, leave_out), lambda text: typer.echo(text, err=True)
            )
    told = f"{source} has learnt from {lesson.count} parts (lesson {lesson.lesson}, {lesson.left_out} left out)"
    typer.echo(json.encode(lesson).decode() if as_json else told)


@app.command(epilog="Example: tallyhouse-edge outbox --config ear-01.toml --json")
def outbox(
    config: ConfigFile,
    as_json: AsJson = False,
    continue_after: Annotated[
        int | None,
        typer.Option(min=0, help="Number the next event after this sequence of the centre's. Stop the agent first."),
    ] = None,
) -> None:
    """Show what waits for the centre, by class, what is kept or had to leave, and what was set aside."""
    from edge_agent.outbox.budget import in_bytes  # noqa: PLC0415
    from edge_agent.outbox.database import OUTBOX_NAME  # noqa: PLC0415
    from edge_agent.outbox.view import renumbered, shown  # noqa: PLC0415

    with _worded():
        loaded = configuration.load(config)
        path = loaded.data_dir / OUTBOX_NAME
        if continue_after is not None:
            waiting = renumbered(path, continue_after)
            following = continue_after + waiting + 1
            told = f"the next event is {following}; {waiting} waiting events were numbered anew"
            typer.echo(json.encode({"next": following, "numbered_anew": waiting}).decode() if as_json else told)
            return
        view = shown(path, in_bytes(loaded.budget))
        typer.echo(json.format(json.encode(view)).decode() if as_json else view.as_text())


@app.command(epilog="Example: tallyhouse-edge enrol --server https://192.168.1.5:8400 --code ABCD-…")
def enrol(
    server: Annotated[str, typer.Option(help="Address of the console, or the whole link of the claim.")] = "",
    code: Annotated[str | None, typer.Option(help="The claim code; not needed with a link.")] = None,
    fingerprint: Annotated[str | None, typer.Option(help="SHA-256 of the centre's authority, to compare in full.")] = None,
    camera: Annotated[str | None, typer.Option(help="Number or address of the camera that sees the picture code.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for agent.toml, the key and the certificate.")] = Path(),
    replace: Annotated[bool, typer.Option("--replace", help="Give up the identity that lies there.")] = False,
) -> None:
    """Make this device known to a centre: `tallyhouse device claim NAME` there prints a code, good once, for ten minutes."""
    from edge_agent.link.enrolment import AGENT_FILE, Claimed  # noqa: PLC0415
    from edge_agent.link.enrolment import enrol as enrolled  # noqa: PLC0415

    configuration.quieten_video()
    with _worded():
        set_up_logs(level="error")
        if camera is not None:
            from edge_agent.link.picture_code import link_seen_by  # noqa: PLC0415  OpenCV is needed for this alone

            server = link_seen_by(camera)
        admitted = enrolled(Claimed.read(server, code, fingerprint), out, replaces=replace)
    start = f"tallyhouse-edge run --config {out / AGENT_FILE}"
    typer.echo(f"this device is {admitted.device} of site {admitted.site}; start it with: {start}")


@config_app.command("example", epilog="Example: tallyhouse-edge config example > ear-01.toml")
def config_example() -> None:
    """Print a commented example."""
    typer.echo(configuration.EXAMPLE, nl=False)


@config_app.command("check", epilog="Example: tallyhouse-edge config check --config ear-01.toml")
def config_check(config: ConfigFile) -> None:
    """Say whether the file, its keys and password, and the settings of its sources and tasks can be used."""
    configuration.quieten_video()
    from edge_agent.workshop import check_parts  # noqa: PLC0415  `example` needs none of the parts

    with _worded():
        set_up_logs(level="error")
        loaded = configuration.load(config)
        with configuration.told_by(config):
            configuration.signing_key(loaded)
            configuration.centre_key(loaded)
            configuration.broker_password(loaded)
            check_parts(loaded)
        parts = f"{len(loaded.source)} sources, {len(loaded.task)} tasks"
        typer.echo(f"{config} is fine: device {loaded.device} at site {loaded.site}, {parts}")


def main() -> None:
    """The console script."""
    leave_out_pandas()
    configuration.compute_on_one_thread()
    app()


def _observed(config: configuration.EdgeConfig, file: Path, stop: Flag, recent: RecentLogs) -> bool:
    """Observe until `stop`; False when a part failed."""
    from edge_agent.agent import build  # noqa: PLC0415  the other commands need none of the parts
    from edge_agent.metrics import serving_metrics  # noqa: PLC0415
    from edge_agent.service import service  # noqa: PLC0415

    with ExitStack() as stack:
        with configuration.told_by(file):
            agent = build(config, stack, stop, recent=recent)
        with serving_metrics(config.metrics_port, agent.health_asked()):
            agent.start()
            are_well = agent.supervise(lambda: False, service(configuration.environment()))
            agent.shut()
        return are_well


def _replayed(config: configuration.EdgeConfig, request: "ReplayRequest", speed: float, stop: Flag) -> bool:
    """Play one recording; False when something still waits."""
    from edge_agent.agent import build  # noqa: PLC0415  the other commands need none of the parts
    from edge_agent.replaying import for_replay, play  # noqa: PLC0415
    from edge_agent.workshop import Replay  # noqa: PLC0415

    with ExitStack() as stack:
        return play(build(for_replay(config, request), stack, stop, Replay(speed or None)))


def _stopped_by_signals() -> Flag:
    stop = Flag()

    def request(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, request)
    signal.signal(signal.SIGINT, request)
    return stop


@contextmanager
def _worded() -> Iterator[None]:
    """Errors of ours as one line that names the thing and the remedy."""
    try:
        yield
    except EdgeError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    main()
