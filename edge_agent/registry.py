"""Finds the tasks that are built in (tasks/*/card.py) and opens sources by kind.

Heavy libraries (OpenCV, pymodbus, onnxruntime) are imported when the first source or task that needs them is built.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar, cast

import edge_agent.tasks
from edge_agent.clock import DeviceClock
from edge_agent.errors import ConfigError, UnknownTask
from edge_agent.sources.replay_readings import ReadingReplay
from edge_agent.sources.source import Source
from edge_agent.task import TaskCard

if TYPE_CHECKING:
    from edge_agent.sources.modbus import Line


@dataclass(frozen=True)
class SourcePlace:
    """Where a source is and how it is read; which fields count depends on `kind`."""

    id: str
    kind: str
    url: str | None = None
    path: Path | None = None
    host: str | None = None
    port: int | None = None
    device_id: int = 1
    profile: str | None = None
    asset: str | None = None
    interval_s: float = 1.0
    exclude: tuple[str, ...] = ()
    baud: int = 19_200
    parity: str = "E"
    topic: str | None = None
    channels: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    speed: float | None = 1.0


def task_kinds() -> list[str]:
    """The kinds of task in this agent."""
    folders = (Path(folder) for folder in edge_agent.tasks.__path__)
    return sorted(card.parent.name for folder in folders for card in folder.glob("*/card.py"))


def task_card(kind: str) -> TaskCard:
    """The card of one kind. Raises UnknownTask."""
    if kind not in task_kinds() or find_spec(f"edge_agent.tasks.{kind}.card") is None:
        raise UnknownTask(f"no task {kind!r} is built in; there are: {', '.join(task_kinds())}")
    return cast(TaskCard, import_module(f"edge_agent.tasks.{kind}.card").CARD)


def open_source(place: SourcePlace, clock: DeviceClock) -> Source:
    """The source at `place`. Raises ConfigError, SourceLost, BadRecording."""
    return SOURCES[place.kind](place, clock)


def _camera(place: SourcePlace, clock: DeviceClock) -> Source:
    from edge_agent.sources.camera import Camera  # noqa: PLC0415  OpenCV only where a camera is read

    return Camera(place.id, _needed(place.url, place, "url"), clock, place.interval_s)


def _modbus(place: SourcePlace, clock: DeviceClock) -> Source:
    from edge_agent.sources.modbus import tcp_line  # noqa: PLC0415  pymodbus only where a bus is read

    return _on_modbus(place, clock, lambda: tcp_line(_needed(place.host, place, "host"), place.port or 502))


def _modbus_rtu(place: SourcePlace, clock: DeviceClock) -> Source:
    from edge_agent.sources.modbus import serial_line  # noqa: PLC0415  pymodbus only where a bus is read

    return _on_modbus(place, clock, lambda: serial_line(str(_needed(place.path, place, "path")), place.baud, place.parity))


def _on_modbus(place: SourcePlace, clock: DeviceClock, line: Callable[[], "Line"]) -> Source:
    from edge_agent.sources.modbus import ModbusDevice, checked_profile  # noqa: PLC0415

    profile = checked_profile(place.id, _needed(place.profile, place, "profile"))
    return ModbusDevice(place.id, line(), place.device_id, profile, place.asset or place.id, clock, place.interval_s)


def _opcua(place: SourcePlace, clock: DeviceClock) -> Source:
    from edge_agent.sources.opcua import OpcUaServer  # noqa: PLC0415  an extra

    channels = _needed(place.channels or None, place, "channels")
    url = _needed(place.url, place, "url")
    return OpcUaServer(place.id, url, channels, place.units, place.asset or place.id, clock, place.interval_s)


def _mqtt(place: SourcePlace, clock: DeviceClock) -> Source:
    from edge_agent.sources.mqtt_json import Feed, JsonFeed  # noqa: PLC0415

    topic, channels = _needed(place.topic, place, "topic"), _needed(place.channels or None, place, "channels")
    feed = Feed(_needed(place.host, place, "host"), place.port or 1883, topic, channels, place.units)
    return JsonFeed(place.id, feed, place.asset or place.id, clock, place.interval_s)


def _pictures(place: SourcePlace, clock: DeviceClock) -> Source:
    from edge_agent.sources.replay_pictures import PictureReplay  # noqa: PLC0415  OpenCV only where pictures are read

    return PictureReplay(place.id, _needed(place.path, place, "path"), clock, place.speed, place.interval_s)


def _video(place: SourcePlace, clock: DeviceClock) -> Source:
    from edge_agent.sources.replay_pictures import VideoReplay  # noqa: PLC0415  OpenCV only where pictures are read

    return VideoReplay(place.id, _needed(place.path, place, "path"), clock, place.speed, place.interval_s)


def _csv(place: SourcePlace, clock: DeviceClock) -> Source:
    path = _needed(place.path, place, "path")
    return ReadingReplay(place.id, path, place.asset or place.id, clock, place.speed, place.interval_s, place.exclude)


SOURCES: Mapping[str, Callable[[SourcePlace, DeviceClock], Source]] = MappingProxyType(
    {
        "camera": _camera,
        "modbus": _modbus,
        "modbus_rtu": _modbus_rtu,
        "opcua": _opcua,
        "mqtt": _mqtt,
        "pictures": _pictures,
        "video": _video,
        "csv": _csv,
    }
)

Value = TypeVar("Value")


def _needed(value: Value | None, place: SourcePlace, key: str) -> Value:
    if value is None:
        raise ConfigError(f"[[source]] {place.id!r} of kind {place.kind!r} needs {key!r}")
    return value
