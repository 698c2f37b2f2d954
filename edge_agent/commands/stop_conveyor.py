"""stop_conveyor: the stop of a machine is set and stays set. A person at the machine starts it again, never this program."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge_agent.commands.ability import Order
from edge_agent.commands.actuator import ModbusCoil


@dataclass(frozen=True)
class StopConveyor:
    """The stops that are wired to coils."""

    stops: Mapping[str, ModbusCoil]

    def __call__(self, order: Order) -> Mapping[str, object]:
        """Set the stop and see that it is set. Raises CommandFailed."""
        self.stops[order.command.source or ""].write(True)
        return {"confirmed_by": order.command.confirmed_by}
