"""What this device can be commanded to do, from its configuration: only what it has the parts for."""

from collections.abc import Callable, Mapping, Sequence
from threading import Event as Flag
from typing import Any, cast

import msgspec

from edge_agent.clock import DeviceClock
from edge_agent.commands.ability import Ability
from edge_agent.commands.handover import Handover
from edge_agent.commands.recount import KIND as COUNTING
from edge_agent.commands.recount import Recount
from edge_agent.commands.reload_model import ReloadModel
from edge_agent.commands.send_logs import SendLogs
from edge_agent.config import ActuatorConfig, EdgeConfig
from edge_agent.logs import RecentLogs
from edge_agent.registry import task_card
from edge_agent.twin import Twin
from edge_agent.workshop import stations

INSPECTING = "defects"
PICTURES = frozenset({"camera", "pictures", "video"})
Box = tuple[float, float, float, float]


def abilities(
    config: EdgeConfig, twin: Twin, handover: Handover, recent: RecentLogs, clock: DeviceClock, stop: Flag
) -> Mapping[str, Ability]:
    """Action → how it is carried out."""
    able = {"send_logs": Ability((), SendLogs(recent, clock, handover))}
    modelled = _sources_of(config, lambda kind: task_card(kind).forget_models is not None)
    if modelled:
        able["reload_model"] = Ability(modelled, ReloadModel(lambda source: _reloaded(twin, source)))
    counting = _sources_of(config, lambda kind: kind == COUNTING)
    if counting:
        able["recount"] = Ability(counting, Recount(twin.observers))
    inspecting = _sources_of(config, lambda kind: kind == INSPECTING)
    if inspecting:
        able["teach"] = _teaching(config, twin, clock, inspecting)
    cameras = [source.id for source in config.source if source.kind in PICTURES]
    if cameras:
        able["take_picture"] = _pictures(config, twin, handover, cameras)
    return {**able, **_moving(config.actuator, stop)}


def _sources_of(config: EdgeConfig, wanted: Callable[[str], bool]) -> list[str]:
    return sorted({task.source for task in config.task if wanted(task.kind)})


def _pictures(config: EdgeConfig, twin: Twin, handover: Handover, cameras: Sequence[str]) -> Ability:
    from edge_agent.commands.take_picture import TakePicture  # noqa: PLC0415  OpenCV only where a camera is read

    def regions(source: str) -> Sequence[Box] | None:
        return None if config.privacy.outside_regions == "keep" else regions_of(twin, source)

    return Ability(cameras, TakePicture(twin.observers, regions, handover))


def _teaching(config: EdgeConfig, twin: Twin, clock: DeviceClock, cameras: Sequence[str]) -> Ability:
    from edge_agent.commands.teach import Teach  # noqa: PLC0415  ONNX Runtime only where parts are inspected

    def switch(source: str) -> None:
        twin.rebuild(INSPECTING, source)
        twin.report()

    return Ability(cameras, Teach(twin.observers, stations(config).keep, switch, clock))


def regions_of(twin: Twin, source: str) -> Sequence[Box] | None:
    """What the tasks of a camera look at; None when one of them looks at the whole frame."""
    boxes: list[Box] = []
    for task in twin.tasks.values():
        if task.source == source:
            found = list(_boxes(msgspec.to_builtins(msgspec.convert(task.settings, task_card(task.kind).settings))))
            if not found:
                return None
            boxes += found
    return boxes


def _boxes(value: Any) -> Sequence[Box]:
    """Every `roi` in a task's settings, whatever the task."""
    if isinstance(value, list | tuple):
        return [box for part in value for box in _boxes(part)]
    if not isinstance(value, Mapping):
        return []
    nested = value.get("regions")
    own = [cast(Box, tuple(value["roi"]))] if "roi" in value and not nested else []
    return [*own, *_boxes(nested or [])]


def _reloaded(twin: Twin, source: str) -> Mapping[str, str | None]:
    kinds = [task.kind for task in twin.tasks.values() if task.source == source]
    for kind in kinds:
        forget = task_card(kind).forget_models
        if forget is not None:
            forget()
        twin.rebuild(kind, source)
    twin.report()
    return {kind: model for kind, model in twin.observers[source].pipeline.models().items() if kind in kinds}


def _moving(actuators: Sequence[ActuatorConfig], stop: Flag) -> Mapping[str, Ability]:
    """What moves something, only on a device that has it wired."""
    if not actuators:
        return {}
    from edge_agent.commands.actuator import ModbusCoil  # noqa: PLC0415  pymodbus only where something is moved
    from edge_agent.commands.reject_part import RejectPart  # noqa: PLC0415
    from edge_agent.commands.stop_conveyor import StopConveyor  # noqa: PLC0415

    coils = {one.id: ModbusCoil(one.id, one.host, one.port, one.device_id, one.address) for one in actuators}
    gates = {one.id: (coils[one.id], one.pulse_s) for one in actuators if one.action == "reject_part"}
    stops = {one.id: coils[one.id] for one in actuators if one.action == "stop_conveyor"}
    able = {
        "reject_part": Ability(list(gates), RejectPart(gates, stop)),
        "stop_conveyor": Ability(list(stops), StopConveyor(stops), needs_person=True),
    }
    return {action: ability for action, ability in able.items() if ability.targets}
