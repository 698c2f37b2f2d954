"""A running site: the world's loop and its doors, opened together, closed together."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog

from firmware_sim.clock import SimulatedClock
from firmware_sim.devices.camera_eye import CameraEye
from firmware_sim.devices.camera_stream import CameraStreams
from firmware_sim.devices.modbus_machine import ModbusMachines
from firmware_sim.devices.shelf_state import ShelfState
from firmware_sim.devices.till import Till
from firmware_sim.devices.till_api import Api
from firmware_sim.devices.truth import TruthFile
from firmware_sim.world.trade import Movement
from firmware_sim.world.warehouse import TICK_S, Warehouse

log = structlog.get_logger()


@dataclass(frozen=True)
class Doors:
    """Where a site listens and reports. Port 0: any free one; api None: no till; truth, state None: not written."""

    host: str
    modbus_port: int
    camera_port: int
    api: Api | None = None
    truth: Path | None = None
    state: Path | None = None


@dataclass(frozen=True)
class Addresses:
    """Where a running site is found, as the ready line says it."""

    modbus: dict[str, str | int]
    cameras: dict[str, str]


async def run_site(
    warehouse: Warehouse,
    clock: SimulatedClock,
    doors: Doors,
    stop: asyncio.Event,
    on_ready: Callable[[Addresses], None],
) -> None:
    """Run until `stop` is set. Raises PortTaken and BadOption before on_ready is called, nothing afterwards."""
    eyes = [CameraEye(warehouse, camera) for camera in warehouse.scene.cameras]
    async with AsyncExitStack() as stack:
        state = stack.enter_context(ShelfState(doors.state, warehouse)) if doors.state else None
        truth = stack.enter_context(TruthFile(doors.truth, clock)) if doors.truth else None
        machines = await stack.enter_async_context(ModbusMachines(warehouse, doors.host, doors.modbus_port))
        cameras = stack.enter_context(CameraStreams(eyes, doors.host, doors.camera_port))
        till = stack.enter_context(Till(doors.api)) if doors.api else None
        on_ready(Addresses({"host": doors.host, "port": machines.port}, cameras.urls()))
        if truth:
            truth.begin(warehouse)
        while not stop.is_set():
            movements = warehouse.advance(clock.elapsed_s())
            if truth:
                truth.observe(warehouse, movements)
            if state and movements:
                state.save()
            if till:
                _book(till, movements, clock)
            await _pause(stop)
        log.info("site closed", time_s=round(warehouse.time_s, 1))


def _book(till: Till, movements: list[Movement], clock: SimulatedClock) -> None:
    for movement in movements:
        if movement.is_booked:
            till.book(movement, clock.at(movement.at_s))


async def _pause(stop: asyncio.Event) -> None:
    """Until the next tick, or the stop."""
    try:
        await asyncio.wait_for(stop.wait(), TICK_S)
    except TimeoutError:
        return
