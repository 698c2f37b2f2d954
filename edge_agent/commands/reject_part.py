"""reject_part: the gate at a belt opens for a moment, and the part that lies there leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event as Flag

from edge_agent.commands.ability import Order
from edge_agent.commands.actuator import ModbusCoil


@dataclass(frozen=True)
class RejectPart:
    """gates: each with the seconds that it stays open."""

    gates: Mapping[str, tuple[ModbusCoil, float]]
    stop: Flag

    def __call__(self, order: Order) -> Mapping[str, object]:
        """Open and close the gate. Raises CommandFailed."""
        gate, open_s = self.gates[order.command.source or ""]
        order.time_left_s()
        gate.write(True)
        order.progress(0.5)
        self.stop.wait(open_s)
        gate.write(False)
        return {"open_s": open_s}
