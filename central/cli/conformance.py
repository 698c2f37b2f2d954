"""Whether devices keep the contract: read along on the house's broker, or examine one device on a broker of its own."""

import json
import time
from pathlib import Path
from queue import Empty, Queue
from typing import Annotated, Any

import typer

from central import runtime
from central.bus import Address, Bus, Listening, Message
from central.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile, loaded_config
from central.conformance.examining import Candidate, Examination
from central.conformance.linting import Lint
from central.conformance.rules import Result
from central.errors import Refused
from central.ingest.registry import Speaker
from central.store import devices
from protocols import topics
from protocols.errors import BadSignature
from protocols.signing import new_key, private_key, public_key, public_text

app = typer.Typer()
Host = Annotated[str, typer.Option(help="Where the broker is.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Its port.")]
LOOK_S = 0.2


@app.command("lint-mqtt", epilog="Example: tallyhouse lint-mqtt --site s1 --for 60 --json")
def lint_mqtt(
    site: Annotated[str | None, typer.Option(help="Whose devices; default: the server's site.")] = None,
    seconds: Annotated[float, typer.Option("--for", min=1, help="How long to listen.")] = 60,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Read along what devices say; exit code 1 when anything is wrong with it, or nothing was said."""
    loaded = loaded_config(config)
    with runtime.opened(loaded) as parts, parts.reading() as conn:
        known = devices.identities(conn)
    registry = {one.device: Speaker(one.site, public_key(one.public_key), one.revoked_at is not None) for one in known}
    lint = Lint(site or loaded.site, registry)
    _listen(runtime.bus_address(loaded), lint, seconds)
    _tell_lint(lint, as_json)
    if not lint.is_clean:
        raise typer.Exit(1)


@app.command("conformance", epilog="Example: tallyhouse conformance --device cam-07 --public-key BASE64 --port 1884")
def conformance(  # noqa: PLR0917 (options are given by name)
    device: Annotated[str, typer.Option(help="The name that the device speaks under.")],
    device_key: Annotated[str, typer.Option("--public-key", help="Its Ed25519 key: base64 of 32 bytes.")],
    site: Annotated[str, typer.Option(help="The site that it speaks at.")] = "s1",
    host: Host = "127.0.0.1",
    port: Port = 1883,
    wait: Annotated[float, typer.Option(min=1, help="Seconds that the device has for each thing it should do.")] = 30,
    key_file: Annotated[Path | None, typer.Option(help="The centre's key in PEM form; else one is made and shown.")] = None,
    as_json: AsJson = False,
) -> None:
    """Play the centre to one device and say which rules it keeps; exit code 1 when one is broken.

    Give the device a broker on which nobody else is the centre (`mosquitto -p 1884`), the public key that is shown, and
    something to conclude every few seconds.
    """
    try:
        key = private_key(key_file.read_bytes()) if key_file else new_key()
        candidate = Candidate(site, device, public_key(device_key))
    except BadSignature as error:
        raise Refused(str(error)) from error
    typer.echo(f"the centre's public key is {public_text(key)}", err=True)
    examination = Examination(candidate, key, wait, lambda line: typer.echo(line, err=True))
    results = examination.run(Address(host, port, "central"))
    _tell_results(results, as_json)
    if any(result.outcome == "broken" for result in results) or all(result.outcome == "not_seen" for result in results):
        raise typer.Exit(1)


def _listen(address: Address, lint: Lint, seconds: float) -> None:
    heard: Queue[Message] = Queue()
    listening = Listening(f"{topics.ROOT}/edge/{lint.site}/#", heard.put, session_s=0)
    until_s = time.monotonic() + seconds
    with Bus(address, f"lint-{time.monotonic_ns() % 10**6}", listening=listening) as bus:
        while time.monotonic() < until_s:
            try:
                message = heard.get(timeout=LOOK_S)
            except Empty:
                continue
            bus.acknowledge(message)
            lint.hear(message.topic, message.payload, dict(message.properties), runtime.system_now())


def _tell_lint(lint: Lint, as_json: bool) -> None:
    rows = {name: vars(one) | {"faults": dict(one.faults)} for name, one in sorted(lint.devices.items())}
    if as_json:
        told: dict[str, Any] = {"clean": lint.is_clean, "devices": rows, "unknown_topics": dict(lint.unknown_topics)}
        typer.echo(json.dumps(told | {"examples": lint.examples}))
        return
    for name, one in rows.items():
        typer.echo(f"{name:<32} " + "  ".join(f"{what} {value}" for what, value in one.items() if value))
    for who, code, detail in lint.examples:
        typer.echo(f"{who}: {code}: {detail}", err=True)
    if not lint.devices:
        typer.echo("nothing was heard: is a device running, and the site right?", err=True)


def _tell_results(results: list[Result], as_json: bool) -> None:
    if as_json:
        rows = [
            {"rule": one.rule.name, "paragraph": one.rule.paragraph, "outcome": one.outcome, "detail": one.detail}
            for one in results
        ]
        typer.echo(json.dumps(rows))
        return
    for result in results:
        rule = result.rule
        typer.echo(f"{result.outcome:<8} {rule.name:<9} ({rule.paragraph}) {rule.text}: {result.detail}")
