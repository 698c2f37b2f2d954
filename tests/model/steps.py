"""What can be done to a world: each step is a value, and what it breaks mends by itself after a while."""

from dataclasses import dataclass
from typing import Protocol

from protocols.messages.registry import EventData
from tests.makers import defect, shelf_count
from tests.model.network import CALM, Weather
from tests.model.world import World


class Step(Protocol):
    """One line of a schedule."""

    def do(self, world: World) -> None:
        """Do it now."""


@dataclass(frozen=True)
class Conclude:
    """A device commits shelf counts and, after them, defects."""

    device: int
    counts: int
    defects: int = 0

    def do(self, world: World) -> None:
        """One commit."""
        device = world.devices[self.device]
        first = len(device.produced) + 1
        findings: list[EventData] = [shelf_count(units=first + each) for each in range(self.counts)]
        device.conclude(findings + [defect(score=3.0 + each) for each in range(self.defects)])


@dataclass(frozen=True)
class Wait:
    """Nothing new happens for a while."""

    seconds: float

    def do(self, world: World) -> None:
        """Let time pass."""
        world.run_for(self.seconds)


@dataclass(frozen=True)
class KillDevice:
    """kill -9 of the agent, now or before that many statements; with `reboots` the machine loses power."""

    device: int
    statements: int
    away_s: float
    reboots: bool = False

    def do(self, world: World) -> None:
        """Kill, and start again later."""
        device = world.devices[self.device]
        device.kill(self.statements)
        world.agenda.after(self.away_s, device.reboot if self.reboots else device.restart)


@dataclass(frozen=True)
class KillCentre:
    """kill -9 of the centre, now or before that many statements."""

    statements: int
    away_s: float

    def do(self, world: World) -> None:
        """Kill, and start again later."""
        world.centre.kill(self.statements)
        world.agenda.after(self.away_s, world.centre.restart)


@dataclass(frozen=True)
class KillBroker:
    """kill -9 of the broker."""

    away_s: float

    def do(self, world: World) -> None:
        """Kill, and start again later."""
        world.broker.kill()
        world.agenda.after(self.away_s, world.broker.start)


@dataclass(frozen=True)
class Cut:
    """A device's wires break."""

    device: int
    for_s: float

    def do(self, world: World) -> None:
        """Break them for a while."""
        process = world.devices[self.device].process
        if process is not None:
            process.line.cut(self.for_s)


@dataclass(frozen=True)
class Storm:
    """Messages are delayed, dropped, repeated or shuffled between the broker and others."""

    weather: Weather
    is_up: bool
    for_s: float

    def do(self, world: World) -> None:
        """Bad weather for a while."""
        pipe = world.broker.up if self.is_up else world.broker.down
        pipe.meet(self.weather)
        world.agenda.after(self.for_s, lambda: pipe.meet(CALM))


@dataclass(frozen=True)
class FillDevice:
    """A device's disk takes nothing more."""

    device: int
    for_s: float

    def do(self, world: World) -> None:
        """Fill it for a while."""
        device = world.devices[self.device]
        device.fill_disk(True)
        world.agenda.after(self.for_s, lambda: device.fill_disk(False))


@dataclass(frozen=True)
class FillCentre:
    """The centre's disk takes nothing more."""

    for_s: float

    def do(self, world: World) -> None:
        """Fill it for a while."""
        world.centre.fill_disk(True)
        world.agenda.after(self.for_s, lambda: world.centre.fill_disk(False))


@dataclass(frozen=True)
class SetDeviceClock:
    """A device's wall clock jumps."""

    device: int
    by_s: float

    def do(self, world: World) -> None:
        """Set it."""
        world.devices[self.device].clock.set_by(self.by_s)


@dataclass(frozen=True)
class SetCentreClock:
    """The centre's wall clock jumps."""

    by_s: float

    def do(self, world: World) -> None:
        """Set it."""
        world.centre.clock.set_by(self.by_s)


@dataclass(frozen=True)
class BackUp:
    """The centre's database is copied away."""

    def do(self, world: World) -> None:
        """Copy it."""
        world.centre.back_up()


@dataclass(frozen=True)
class Restore:
    """The centre begins again from its last copy, with a new epoch."""

    def do(self, world: World) -> None:
        """Put the copy in its place."""
        world.centre.restore()
