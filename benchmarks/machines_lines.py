"""Two ways from a simulated unit's registers to a reading: over Modbus TCP, server and source as in a house, or without.

Both encode and decode by the sensor profile and answer exceptions alike; the world moves one reading's time at each look.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from benchmarks.machines_monitor import moment
from edge_agent.clock import DeviceClock
from edge_agent.errors import SourceLost
from edge_agent.sample import Reading
from edge_agent.sources.modbus import ModbusDevice, tcp_line
from firmware_sim.devices.modbus_machine import ModbusMachines
from firmware_sim.world.warehouse import Warehouse
from firmware_sim.world.wire import answer
from protocols.sensor_profiles.profile import decode, load

HOST, TIMEOUT_S = "127.0.0.1", 5.0


class Line(Protocol):
    """Reads the unit of a world's only machine as it is now."""

    def read(self) -> Reading:
        """As it is now."""


class Registers:
    """The same words as on the wire, decoded as the source decodes them: an exception leaves every channel missing."""

    def __init__(self, world: Warehouse) -> None:
        self._world = world
        self._profile = load(world.scene.machines[0].profile)

    def read(self) -> Reading:
        """As it is now."""
        state, time_s = self._world.machines[0], self._world.time_s
        said = answer(self._profile, state.reported, state.sensor_faults)
        missing = {register.name: None for register in self._profile.registers}
        values = missing if isinstance(said, int) else decode(self._profile, said)
        return Reading("bench", moment(time_s), round(time_s * 1000), "ntp", state.machine.id, dict(values))


class Wire:
    """The agent's own source on a real socket, its clock the world's."""

    def __init__(self, world: Warehouse, port: int) -> None:
        machine = world.scene.machines[0]
        clock = DeviceClock("bench", lambda: moment(world.time_s), lambda: round(world.time_s * 1000), lambda: "ntp")
        line, profile = tcp_line(HOST, port), load(machine.profile)
        self.source = ModbusDevice("bench", line, machine.device_id, profile, machine.id, clock, interval_s=0.0)

    def read(self) -> Reading:
        """As it is now. Raises SourceLost."""
        found = self.source.read(TIMEOUT_S)
        if found is None:
            raise SourceLost("bench", f"no reading within {TIMEOUT_S:g} s")
        return found


@contextmanager
def wired(world: Warehouse) -> Iterator[Wire]:
    """A server of the world's machine on a free port, in a thread of its own, and a source that reads it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    machines = ModbusMachines(world, HOST, 0)
    asyncio.run_coroutine_threadsafe(machines.__aenter__(), loop).result(TIMEOUT_S)
    wire = Wire(world, machines.port)
    try:
        yield wire
    finally:
        wire.source.close()
        asyncio.run_coroutine_threadsafe(machines.__aexit__(None, None, None), loop).result(TIMEOUT_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(TIMEOUT_S)
        loop.close()
