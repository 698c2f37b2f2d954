"""`run --replay`: one recording as the only source, played until the centre has everything; progress and a summary."""

import json
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import msgspec
import typer

from edge_agent.agent import Agent
from edge_agent.config import EdgeConfig, SourceConfig, TaskConfig
from edge_agent.errors import ConfigError
from edge_agent.registry import task_card, task_kinds
from edge_agent.sources.source import Recording

TELL_INTERVAL_S = 5.0


@dataclass(frozen=True)
class ReplayRequest:
    """What to play, for which task, and how."""

    path: Path
    task: str
    interval_s: float = 1.0
    settings: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    asset: str | None = None


def for_replay(config: EdgeConfig, request: ReplayRequest) -> EdgeConfig:
    """`config` with the recording as its only source. Raises ConfigError, UnknownTask."""
    task_card(request.task)
    name = identifier(request.path.stem if request.path.is_file() else request.path.resolve().name)
    source = SourceConfig(
        id=name,
        kind=_kind(request.path),
        path=request.path.resolve(),
        interval_s=request.interval_s,
        exclude=request.exclude,
        asset=request.asset and identifier(request.asset),
    )
    known = next((task.settings for task in config.task if task.kind == request.task), {})
    task = TaskConfig(kind=request.task, source=name, settings={**known, **_settings(request.settings)})
    return msgspec.structs.replace(config, source=(source,), task=(task,))


def play(agent: Agent) -> bool:
    """Play to the end and wait for the centre; whether it has everything. Progress goes to stderr, the summary to stdout."""
    progress = _Progress(agent)
    agent.start()
    agent.supervise(lambda: progress.tell() and agent.is_drained())
    agent.shut()
    is_drained = agent.is_drained()
    progress.close()
    for line in _summary(agent):
        typer.echo(line)
    return is_drained


def identifier(text: str) -> str:
    """`text` as a source or asset name: lower case, other characters become '-'."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:32].strip("-")
    return plain or "recording"


def _kind(path: Path) -> Literal["pictures", "csv", "video"]:
    if path.is_dir():
        return "pictures"
    if not path.exists():
        raise ConfigError(f"--replay {path}: there is no such file or folder")
    return "csv" if path.suffix.lower() in {".csv", ".tsv", ".txt"} else "video"


def _settings(pairs: tuple[str, ...]) -> Mapping[str, Any]:
    settings: dict[str, Any] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator:
            raise ConfigError(f"--setting {pair!r} must be KEY=VALUE; tasks are: {', '.join(task_kinds())}")
        try:
            settings[key] = json.loads(value)
        except json.JSONDecodeError:
            settings[key] = value
    return settings


def _summary(agent: Agent) -> list[str]:
    observer = agent.observers[0]
    counts, state = observer.pipeline.counts, agent.queue.state()
    lines = [
        f"samples      {counts.samples}",
        f"unreadable   {observer.source.refused}",
        f"refused      {_counted(counts.refusals)}",
        f"task errors  {counts.task_errors}",
        f"events       {_counted(counts.events)}",
        f"acknowledged up to sequence {state.acknowledged} of {state.last}, {state.count} waiting",
    ]
    if state.set_aside:
        lines.append(f"set aside    {state.set_aside} (see `tallyhouse-edge outbox`)")
    pieces = agent.spool.count()
    if pieces:
        lines.append(f"evidence     {pieces} pieces waiting")
    if state.count or pieces:
        lines.append("what waits stays in the outbox and is sent by the next run")
    return lines


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"


class _Progress:
    """A bar on a terminal, a line every few seconds elsewhere."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._total = cast(Recording, agent.observers[0].source).total
        self._shown, self._told_s = 0, time.monotonic()
        self._bar = typer.progressbar(length=self._total, label="replay", file=sys.stderr) if sys.stderr.isatty() else None

    def tell(self) -> bool:
        """Show how far it is; always true."""
        samples = self._agent.observers[0].pipeline.counts.samples
        if self._bar is not None:
            self._bar.update(samples - self._shown)
        elif time.monotonic() - self._told_s >= TELL_INTERVAL_S:
            self._told_s = time.monotonic()
            waiting, pieces = self._agent.queue.state().count, self._agent.spool.count()
            alarm = self._agent.publisher.alarm()
            line = f"{samples} of {self._total} samples played, {waiting} events and {pieces} pictures wait for the centre"
            typer.echo(line if alarm is None else f"{line}: {alarm}", err=True)
        self._shown = samples
        return True

    def close(self) -> None:
        """Leave the terminal tidy."""
        if self._bar is not None:
            self._bar.render_finish()
