"""The ground truth as JSON lines, for tests and benchmarks: what really happened, when it happened.

Kinds of line (`what`): `shelf` units at the start and after each movement, `movement` (booked or not), `machine` faults
and sensor faults whenever the set changes, `part` once it rests under the camera. No device under test reads this file.
"""

from pathlib import Path
from types import TracebackType

import msgspec

from firmware_sim.clock import SimulatedClock
from firmware_sim.errors import BadOption
from firmware_sim.world.trade import Movement
from firmware_sim.world.warehouse import MachineState, Warehouse


class TruthFile:
    """Appends what changed since it last looked; `with` opens and closes the file. Raises BadOption."""

    def __init__(self, path: Path, clock: SimulatedClock) -> None:
        self._clock = clock
        self._troubles: dict[str, tuple[str, ...]] = {}
        self._serial = -1
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
            self._write(warehouse.time_s, "shelf", location=stall.shelf.location, units=stall.shelf.units)

    def observe(self, warehouse: Warehouse, movements: list[Movement]) -> None:
        """Write what happened up to the world's present tick."""
        for movement in movements:
            self._write(movement.at_s, "movement", **msgspec.to_builtins(movement))
        for stall in warehouse.stalls if movements else ():
            self._write(warehouse.time_s, "shelf", location=stall.shelf.location, units=stall.shelf.units)
        for state in warehouse.machines:
            self._observe_machine(warehouse.time_s, state)
        self._observe_belt(warehouse)
        self._file.flush()

    def _observe_machine(self, time_s: float, state: MachineState) -> None:
        troubles = (*sorted(state.severities), *state.faulty_sensors)
        if troubles != self._troubles.get(state.machine.id, ()):
            self._troubles[state.machine.id] = troubles
            faults, sensors = sorted(state.severities), state.faulty_sensors
            self._write(time_s, "machine", machine=state.machine.id, faults=faults, sensors=sensors)

    def _observe_belt(self, warehouse: Warehouse) -> None:
        view = warehouse.belt_view(warehouse.time_s)
        if view.part is None or view.phase != "resting" or view.part.serial == self._serial:
            return
        self._serial = view.part.serial
        self._write(warehouse.time_s, "part", serial=self._serial, defect=view.part.defect and view.part.defect.kind)

    def _write(self, at_s: float, what: str, **facts: object) -> None:
        line = {"what": what, "at_s": round(at_s, 3), "at": self._clock.at(at_s)} | facts
        self._file.write(msgspec.json.encode(line) + b"\n")
