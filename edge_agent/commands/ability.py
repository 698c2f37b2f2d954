"""What an action is given and gives: the seam between the desk and the actions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge_agent.errors import CommandFailed
from protocols.messages.command import Command


@dataclass(frozen=True)
class Order:
    """A command that is being carried out. left_s: seconds until it is given up; progress: says 0..1 to the centre."""

    command: Command
    left_s: Callable[[], float]
    progress: Callable[[float], None]

    def time_left_s(self) -> float:
        """Seconds that are left. Raises CommandFailed when there are none."""
        left_s = self.left_s()
        if left_s <= 0:
            raise CommandFailed(f"it did not end within {self.command.timeout_s:g} s")
        return left_s


@dataclass(frozen=True)
class Ability:
    """An action that this device can do. targets: the sources or actuators that it can be about, none: the device.

    do: carries it out and gives what it brought. Raises EdgeError, whose text the centre is told.
    """

    targets: Sequence[str]
    do: Callable[[Order], Mapping[str, Any]]
    needs_person: bool = False


def argument(command: Command, name: str, default: int, least: int, most: int) -> int:
    """A whole number among the arguments. Raises CommandFailed."""
    value = command.arguments.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise CommandFailed(f"argument {name!r} must be a whole number from {least} to {most}")
    return value
