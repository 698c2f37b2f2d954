"""The machines' condition units on one Modbus TCP server, a device id each, registers by the machine's sensor profile.

Registers are written when a client reads: each answer is the world's newest tick, as world/wire.py words it. A machine that
can be stopped has coil 0 for it, the gate at the belt is a device of its own with coil 0.
"""

import asyncio
from functools import partial

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from firmware_sim.errors import PortTaken
from firmware_sim.scene import Machine
from firmware_sim.world.warehouse import Warehouse
from firmware_sim.world.wire import answer
from protocols.sensor_profiles.profile import Profile, load

COIL_FUNCTIONS = (1, 5, 15)
_NOTHING = SimData(0, values=0, datatype=DataType.REGISTERS)
_NO_BITS = SimData(0, values=False, datatype=DataType.BITS)


class ModbusMachines:
    """The server; `async with` starts and stops it, `port` is where it listens. Raises PortTaken, BadProfile."""

    def __init__(self, warehouse: Warehouse, host: str, port: int) -> None:
        self._warehouse, self._host, self._wanted_port = warehouse, host, port
        self._devices = [self._device(index, machine) for index, machine in enumerate(warehouse.scene.machines)]
        self._gate_is_open = False
        if warehouse.scene.belt.gate_device_id is not None:
            self._devices.append(SimDevice(warehouse.scene.belt.gate_device_id, _blocks(_NOTHING), action=self._gate))
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
        blocks = [registers] if machine.restart_s is None else _blocks(registers)
        return SimDevice(id=machine.device_id, simdata=blocks, action=partial(self._answer, index, profile))

    async def _answer(  # the signature is pymodbus's
        self,
        index: int,
        profile: Profile,
        function_code: int,
        _start_address: int,
        address: int,
        _count: int,
        registers: list[int],
        set_values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if function_code in COIL_FUNCTIONS:
            return self._stop_coil(index, address, registers, set_values)
        state = self._warehouse.machines[index]
        said = answer(profile, state.reported, state.sensor_faults)
        if isinstance(said, int):
            return ExcCodes(said)
        registers[:] = said
        return None

    def _stop_coil(
        self, index: int, address: int, registers: list[int], set_values: list[int] | list[bool] | None
    ) -> ExcCodes | None:
        """On: the machine is stopped. It reads on while the machine stands; only a person at the machine starts it."""
        if address != 0:
            return ExcCodes.ILLEGAL_ADDRESS
        if set_values and set_values[0]:
            self._warehouse.stop(index)
        registers[0] = int(self._warehouse.is_stopped(index))
        return None

    async def _gate(  # the signature is pymodbus's
        self,
        function_code: int,
        _start_address: int,
        address: int,
        _count: int,
        _registers: list[int],
        set_values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """When it opens, the part that lies before it leaves the belt."""
        if function_code not in COIL_FUNCTIONS or address != 0:
            return ExcCodes.ILLEGAL_ADDRESS
        if set_values:
            if set_values[0] and not self._gate_is_open:
                self._warehouse.reject()
            self._gate_is_open = bool(set_values[0])
        return None


def _blocks(registers: SimData) -> tuple[list[SimData], list[SimData], list[SimData], list[SimData]]:
    """Coil 0 beside holding registers; a block that no real unit has is one register of zeros."""
    return [SimData(0, values=False, datatype=DataType.BITS)], [_NO_BITS], [registers], [_NOTHING]
