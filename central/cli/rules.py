"""Rules on the command line: what would have been decided with others. Nothing is written."""

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from pydantic import ValidationError

from central import runtime
from central.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile, group, loaded_config
from central.deciding.replaying import Question, Replay, replay
from central.errors import Refused

app = group("The rules by which capabilities decide.")
DAY_FORMAT = ["%Y-%m-%d"]


@app.command("replay", epilog="Example: tallyhouse rules replay supply.inventory --set service_level=0.99 --days 30")
def replay_rules(
    capability: Annotated[str, typer.Argument(help="As in supply.inventory.")],
    values: Annotated[list[str] | None, typer.Option("--set", help="A rule and its value, NAME=VALUE (JSON).")] = None,
    days: Annotated[int, typer.Option(min=1, max=1100, help="How far back.")] = 30,
    until: Annotated[datetime | None, typer.Option(formats=DAY_FORMAT, help="Day (UTC) before which; now, if none.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Think past decisions again, on the inputs that they were made on, with other rules."""
    loaded = loaded_config(config)
    with runtime.opened(loaded) as parts, parts.reading() as conn:
        card = next((card for card in parts.capabilities if card.name == capability), None)
        if card is None:
            raise Refused(f"there is no capability {capability}; choose {', '.join(one.name for one in parts.capabilities)}")
        end = until.replace(tzinfo=UTC) if until else parts.now()
        asked = dict(_read(each) for each in values or ())
        question = Question(site=loaded.site, since=end - timedelta(days=days), until=end, values=asked)
        try:
            found = replay(conn, card, question)
        except ValidationError as error:
            raise Refused("; ".join(f"{each['loc']}: {each['msg']}" for each in error.errors())) from error
    _tell(found, as_json)


def _read(text: str) -> tuple[str, object]:
    name, _equals, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _tell(found: Replay, as_json: bool) -> None:
    different = [
        {"at": each.decision.decided_at.isoformat(), "subject": each.decision.subject, "was": each.decision.proposal}
        | {"would": each.proposal, "state": each.outcome.state}
        for each in found.different
    ]
    summed = {
        "decisions": len(found.retold),
        "different": len(different),
        "unreadable": found.unreadable,
        "left": found.left,
    }
    money = {"effect_was": dict(found.effect_was), "effect_would": dict(found.effect_would)}
    if as_json:
        typer.echo(json.dumps(summed | money | {"changes": different}))
        return
    for each in different:
        typer.echo(f"{each['at']}  {each['subject']}  {each['was']} -> {each['would'] or each['state']}")
    typer.echo("  ".join(f"{name} {value}" for name, value in (summed | money).items()))
