"""The machines' condition units on one Modbus TCP server, a device id each, registers by the machine's sensor profile.

Registers are written when a client reads: each answer is the world's newest tick. A unit that has dropped out answers
exception 11 (gateway target failed to respond), as a gateway does for a unit that is off the bus.
"""

import asyncio
from functools import partial

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from firmware_sim.errors import PortTaken
from firmware_sim.scene import Machine
from firmware_sim.world.warehouse import Warehouse
from protocols.sensor_profiles.profile import Profile, encode, load


class ModbusMachines:
    """The server; `async with` starts and stops it, `port` is where it listens. Raises PortTaken, BadProfile."""

    def __init__(self, warehouse: Warehouse, host: str, port: int) -> None:
        self._warehouse, self._host, self._wanted_port = warehouse, host, port
        self._devices = [self._device(index, machine) for index, machine in enumerate(warehouse.scene.machines)]
        self.port = port

    async def __aenter__(self) -> "ModbusMachines":
        self._server = ModbusTcpServer(self._devices, address=(self._host, self._wanted_port))
        try:
            await self._server.serve_forever(background=True)
        except RuntimeError as error:
            raise PortTaken("Modbus server", self._host, self._wanted_port, "--modbus-port") from error
        listening = self._server.transport
        assert isinstance(listening, asyncio.Server)  # noqa: S101 - pymodbus annotates the base class only
        self.port = listening.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.shutdown()  # type: ignore[no-untyped-call]

    def _device(self, index: int, machine: Machine) -> SimDevice:
        profile = load(machine.profile)
        registers = SimData(profile.first_address, count=profile.count, values=0, datatype=DataType.REGISTERS)
        return SimDevice(id=machine.device_id, simdata=[registers], action=partial(self._answer, index, profile))

    async def _answer(  # the signature is pymodbus's
        self,
        index: int,
        profile: Profile,
        _function_code: int,
        _start_address: int,
        _address: int,
        _count: int,
        registers: list[int],
        _set_values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        reported = self._warehouse.machines[index].reported
        if reported is None:
            return ExcCodes.GATEWAY_NO_RESPONSE
        registers[:] = encode(profile, {str(channel): value for channel, value in reported.items()})
        return None
