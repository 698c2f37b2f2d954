"""The ground truth as JSON lines, for tests and benchmarks: what really happened, when it happened.

Kinds of line (`what`): `shelf` units at the start and after each movement, `movement` (booked or not), `machine` faults
and sensor faults whenever the set changes, `part` once it rests under the camera, `gate` when it opens, with the serial of
what it throws out, `stop` when a machine is stopped and when it is started again. No device under test reads this file.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

import msgspec

from firmware_sim.clock import SimulatedClock
from firmware_sim.errors import BadOption
from firmware_sim.world.shelf import Shelf
from firmware_sim.world.trade import Movement
from firmware_sim.world.warehouse import MachineState, Warehouse


class TruthFile:
    """Appends what changed since it last looked; `with` opens and closes the file. Raises BadOption."""

    def __init__(self, path: Path, clock: SimulatedClock) -> None:
        self._clock = clock
        self._troubles: dict[str, tuple[str, ...]] = {}
        self._serial = -1
        self._gate_openings = 0
        self._stopped: set[str] = set()
        try:
            self._file = path.open("ab")
        except OSError as error:
            raise BadOption(
                f"--truth {path} cannot be written ({error.strerror}); name a file in a folder you own"
            ) from error

    def __enter__(self) -> "TruthFile":
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._file.close()

    def begin(self, warehouse: Warehouse) -> None:
        """Write how full each shelf is at the start."""
        for stall in warehouse.stalls:
            self._write_shelf(warehouse.time_s, stall.shelf)

    def observe(self, warehouse: Warehouse, movements: list[Movement]) -> None:
        """Write what happened up to the world's present tick."""
        for movement in movements:
            self._write(
                movement.at_s, "movement", {name: value for name, value in asdict(movement).items() if name != "at_s"}
            )
        moved = {movement.location for movement in movements}
        for shelf in (stall.shelf for stall in warehouse.stalls if stall.shelf.location in moved):
            self._write_shelf(warehouse.time_s, shelf)
        for index, state in enumerate(warehouse.machines):
            self._observe_machine(warehouse.time_s, state)
            self._observe_stop(warehouse.time_s, state.machine.id, warehouse.is_stopped(index))
        self._observe_belt(warehouse)
        self._file.flush()

    def _observe_machine(self, time_s: float, state: MachineState) -> None:
        sensors = tuple(f"{fault.kind} {fault.channel or 'unit'}" for fault in state.sensor_faults)
        troubles = (*sorted(state.severities), *sensors)
        if troubles != self._troubles.get(state.machine.id, ()):
            self._troubles[state.machine.id] = troubles
            facts = {"machine": state.machine.id, "faults": sorted(state.severities), "sensors": sensors}
            self._write(time_s, "machine", facts)

    def _observe_stop(self, time_s: float, machine: str, is_stopped: bool) -> None:
        if is_stopped != (machine in self._stopped):
            self._stopped ^= {machine}
            self._write(time_s, "stop", {"machine": machine, "stopped": is_stopped})

    def _observe_belt(self, warehouse: Warehouse) -> None:
        """Every part that has come to rest since the last look; at high speed that is more than one."""
        belt = warehouse.scene.belt
        while (rests_s := (self._serial + 1) * belt.cycle_s + belt.enter_s) <= warehouse.time_s:
            self._serial += 1
            part = warehouse.belt_view(rests_s).part
            defect = part.defect.kind if part and part.defect else None
            self._write(rests_s, "part", {"serial": self._serial, "defect": defect})
        for at_s, serial in warehouse.gate_openings[self._gate_openings :]:
            self._write(at_s, "gate", {"rejected": serial})
        self._gate_openings = len(warehouse.gate_openings)

    def _write_shelf(self, at_s: float, shelf: Shelf) -> None:
        self._write(at_s, "shelf", {"location": shelf.location, "units": shelf.units})

    def _write(self, at_s: float, what: str, facts: Mapping[str, object]) -> None:
        line = {"what": what, "at_s": round(at_s, 3), "at": self._clock.at(at_s), **facts}
        self._file.write(msgspec.json.encode(line) + b"\n")
